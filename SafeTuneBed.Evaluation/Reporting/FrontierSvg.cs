using OxyPlot;
using OxyPlot.Annotations;
using OxyPlot.Axes;
using OxyPlot.Series;

namespace SafeTuneBed.Reporting;

/// <summary>Draws a <see cref="FrontierChart"/>: a color and marker per data set, each method named at its point, a line through those that no other beats.</summary>
internal static class FrontierSvg
{
    private const double BarWidth = 1;

    /// <summary>The chart as an SVG document.</summary>
    public static string Render(FrontierChart chart) => ChartSvg.Export(CreateModel(chart), Title(chart), Describe(chart));

    /// <summary>The chart's title.</summary>
    public static string Title(FrontierChart chart) => $"{chart.Safety.Heading} against {chart.Usefulness.Heading}: {chart.Task} on {chart.Model}";

    private static PlotModel CreateModel(FrontierChart chart)
    {
        PlotModel model = ChartSvg.CreateModel(Title(chart), "better is lower right; bars: 95 % intervals; lines: methods that no other beats on the same data");
        model.Axes.Add(ChartSvg.PercentAxis(AxisPosition.Bottom, chart.Usefulness.Heading));
        model.Axes.Add(ChartSvg.PercentAxis(AxisPosition.Left, chart.Safety.Heading));
        for (int i = 0; i < chart.Levels.Count; i++)
        {
            FrontierLevel level = chart.Levels[i];
            OxyColor color = ChartSvg.Color(i);
            model.Series.Add(Bars(level, color));
            var line = new LineSeries { Color = color, StrokeThickness = 1.5, LineStyle = LineStyle.Solid, Dashes = ChartSvg.Dash(i), RenderInLegend = false };
            line.Points.AddRange(level.Frontier.Select(Place));
            model.Series.Add(line);
            var points = new LineSeries
            {
                Title = level.Dataset, Color = color, LineStyle = LineStyle.None, MarkerType = ChartSvg.Marker(i), MarkerSize = 5, MarkerFill = color, MarkerStroke = OxyColors.White, MarkerStrokeThickness = 1,
            };
            points.Points.AddRange(level.Points.Select(Place));
            model.Series.Add(points);
            foreach (FrontierPoint point in level.Points)
            {
                bool isRight = point.Usefulness.Value > 0.8;
                model.Annotations.Add(new TextAnnotation
                {
                    Text = point.Method, TextPosition = Place(point), StrokeThickness = 0, FontSize = 11, TextColor = OxyColors.Black,
                    TextHorizontalAlignment = isRight ? HorizontalAlignment.Right : HorizontalAlignment.Left, TextVerticalAlignment = VerticalAlignment.Bottom, Offset = new ScreenVector(isRight ? -8 : 8, -3),
                });
            }
        }

        return model;
    }

    private static LineSeries Bars(FrontierLevel level, OxyColor color)
    {
        var series = new LineSeries { Color = OxyColor.FromAColor(150, color), StrokeThickness = BarWidth, LineStyle = LineStyle.Solid, RenderInLegend = false };
        foreach (FrontierPoint point in level.Points)
        {
            DataPoint at = Place(point);
            if (point.Safety is { Lower: { } low, Upper: { } high })
            {
                series.Points.AddRange([new(at.X, 100 * low), new(at.X, 100 * high), DataPoint.Undefined]);
            }

            if (point.Usefulness is { Lower: { } left, Upper: { } right })
            {
                series.Points.AddRange([new(100 * left, at.Y), new(100 * right, at.Y), DataPoint.Undefined]);
            }
        }

        return series;
    }

    private static DataPoint Place(FrontierPoint point) => new(100 * point.Usefulness.Value!.Value, 100 * point.Safety.Value!.Value);

    private static string Describe(FrontierChart chart) => string.Join(" ", chart.Levels.Select(l =>
        $"{l.Dataset}: {string.Join("; ", l.Points.Select(p => $"{p.Method} {chart.Safety.Heading} {ReportFormat.Value(p.Safety)} %, {chart.Usefulness.Heading} {ReportFormat.Value(p.Usefulness)} %"))}. Not beaten: {string.Join(", ", l.Frontier.Select(p => p.Method))}."));
}
