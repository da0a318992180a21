using System.Globalization;
using System.Xml.Linq;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Legends;
using OxyPlot.Series;

namespace SafeTuneBed.Reporting;

/// <summary>
/// Draws one chart. Lines differ in color (those of Okabe and Ito, which color-blind readers tell apart, with a darker yellow), in marker and in dashes, so that none is needed
/// alone. Methods stand slightly side by side, or bars of equal height would hide each other.
/// </summary>
internal static class ChartSvg
{
    private const double Width = 720, Height = 460, LineWidth = 2, BarWidth = 1.2;

    private static readonly OxyColor[] Colors =
    [
        OxyColor.FromRgb(0, 114, 178), OxyColor.FromRgb(213, 94, 0), OxyColor.FromRgb(0, 158, 115), OxyColor.FromRgb(204, 121, 167),
        OxyColor.FromRgb(230, 159, 0), OxyColor.FromRgb(86, 180, 233), OxyColor.FromRgb(0, 0, 0), OxyColor.FromRgb(150, 140, 30),
    ];

    private static readonly MarkerType[] Markers = [MarkerType.Circle, MarkerType.Square, MarkerType.Triangle, MarkerType.Diamond];

    // Lengths in pixels: stroke, gap, ...
    private static readonly double[]?[] Dashes = [null, [9, 4], [9, 3, 2, 3], [16, 4], [9, 3, 2, 3, 2, 3]];

    private static readonly double[][] LevelDashes = [[2, 4], [14, 4, 2, 4]];

    /// <summary>The chart as an SVG document.</summary>
    public static string Render(PoisonChart chart) => Export(CreateModel(chart), Title(chart), Describe(chart));

    /// <summary>The chart's title.</summary>
    public static string Title(PoisonChart chart) => $"{chart.Column.Heading} against poison: {chart.Task} on {chart.Model}";

    /// <summary>A plot as an SVG document with a title and a description for readers who don't see it.</summary>
    internal static string Export(PlotModel model, string title, string description)
    {
        var exporter = new SvgExporter { Width = Width, Height = Height, IsDocument = true, TextMeasurer = new ChartTextMeasurer() };
        XDocument document = XDocument.Parse(exporter.ExportToString(model));
        XElement root = document.Root!;
        root.SetAttributeValue("role", "img");
        root.AddFirst(new XElement(root.Name.Namespace + "title", title), new XElement(root.Name.Namespace + "desc", description));
        document.DocumentType?.Remove();
        return (document.Root + "\n").Replace("\r\n", "\n", StringComparison.Ordinal);
    }

    /// <summary>An empty plot with the legend beside it.</summary>
    internal static PlotModel CreateModel(string title, string subtitle)
    {
        var model = new PlotModel
        {
            Title = title,
            Subtitle = subtitle,
            DefaultFont = "Arial, Helvetica, sans-serif",
            Culture = CultureInfo.InvariantCulture,
            TitleFontSize = 15,
            SubtitleFontSize = 11,
            Background = OxyColors.White,
            PlotAreaBorderColor = OxyColors.Gray,
        };
        model.Legends.Add(new Legend { LegendPlacement = LegendPlacement.Outside, LegendPosition = LegendPosition.RightTop, LegendBorderThickness = 0, LegendSymbolLength = 42, LegendLineSpacing = 4 });
        return model;
    }

    /// <summary>An axis from 0 to 100 %.</summary>
    internal static LinearAxis PercentAxis(AxisPosition position, string heading) => new()
    {
        Position = position, Title = $"{heading}, %", Minimum = -3, Maximum = 103, MajorStep = 20, MinorStep = 10,
        MajorGridlineStyle = LineStyle.Solid, MajorGridlineColor = OxyColor.FromRgb(225, 225, 225),
    };

    /// <summary>The color of the n-th line.</summary>
    internal static OxyColor Color(int index) => Colors[index % Colors.Length];

    /// <summary>The marker of the n-th line.</summary>
    internal static MarkerType Marker(int index) => Markers[index % Markers.Length];

    /// <summary>The dashes of the n-th line; null for none.</summary>
    internal static double[]? Dash(int index) => Dashes[index % Dashes.Length];

    private static PlotModel CreateModel(PoisonChart chart)
    {
        double largest = chart.Lines.SelectMany(l => l.Points).Max(p => 100 * p.PoisonRatio);
        double span = largest > 0 ? largest : 5, step = span * 0.012;
        PlotModel model = CreateModel(Title(chart), "bars: 95 % intervals; methods stand slightly side by side");
        model.Axes.Add(new LinearAxis
        {
            Position = AxisPosition.Bottom, Title = "poison in the fine-tuning data, %", Minimum = -0.06 * span, Maximum = 1.06 * span,
            MajorGridlineStyle = LineStyle.None,
        });
        model.Axes.Add(PercentAxis(AxisPosition.Left, chart.Column.Heading));
        for (int i = 0; i < chart.References.Count; i++)
        {
            model.Series.Add(Level(chart.References[i], i, -0.06 * span, 1.06 * span));
        }

        for (int i = 0; i < chart.Lines.Count; i++)
        {
            double shift = (i - ((chart.Lines.Count - 1) / 2.0)) * step;
            OxyColor color = Color(i);
            model.Series.Add(Bars(chart.Lines[i], color, shift, step * 0.4));
            model.Series.Add(Line(chart.Lines[i], i, color, shift));
        }

        return model;
    }

    private static LineSeries Line(ChartLine line, int index, OxyColor color, double shift)
    {
        var series = new LineSeries
        {
            Title = line.Method, Color = color, StrokeThickness = LineWidth, LineStyle = LineStyle.Solid, Dashes = Dash(index), MarkerType = Marker(index),
            MarkerSize = 5, MarkerFill = color, MarkerStroke = OxyColors.White, MarkerStrokeThickness = 1,
        };
        series.Points.AddRange(line.Points.Select(p => new DataPoint((100 * p.PoisonRatio) + shift, 100 * p.Metric.Value!.Value)));
        return series;
    }

    /// <summary>Intervals need not be symmetric, which is all that error series draw: these are lines with gaps.</summary>
    private static LineSeries Bars(ChartLine line, OxyColor color, double shift, double cap)
    {
        var series = new LineSeries { Color = color, StrokeThickness = BarWidth, LineStyle = LineStyle.Solid, RenderInLegend = false };
        foreach (ChartPoint point in line.Points)
        {
            if (point.Metric is { Lower: { } lower, Upper: { } upper })
            {
                double x = (100 * point.PoisonRatio) + shift;
                series.Points.AddRange(
                [
                    new(x - cap, 100 * lower), new(x + cap, 100 * lower), DataPoint.Undefined,
                    new(x, 100 * lower), new(x, 100 * upper), DataPoint.Undefined,
                    new(x - cap, 100 * upper), new(x + cap, 100 * upper), DataPoint.Undefined,
                ]);
            }
        }

        return series;
    }

    private static LineSeries Level(ChartReference reference, int index, double left, double right)
    {
        double level = 100 * reference.Metric.Value!.Value;
        var series = new LineSeries
        {
            Title = $"{reference.Method} (not trained)", Color = OxyColors.DimGray, StrokeThickness = LineWidth,
            LineStyle = LineStyle.Solid, Dashes = LevelDashes[index % LevelDashes.Length],
        };
        series.Points.AddRange([new DataPoint(left, level), new DataPoint(right, level)]);
        return series;
    }

    private static string Describe(PoisonChart chart) => string.Join(
        " ",
        [
            .. chart.References.Select(r => $"{r.Method}, not trained: {ReportFormat.Value(r.Metric)} %."),
            .. chart.Lines.Select(l => $"{l.Method}: {string.Join("; ", l.Points.Select(p => $"{ReportFormat.Poison((decimal)p.PoisonRatio)} % poison {ReportFormat.Value(p.Metric)} %"))}."),
        ]);
}
