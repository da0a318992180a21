using OxyPlot;

namespace SafeTuneBed.Reporting;

/// <summary>
/// Estimates the room of a text from its length and size alone: a chart must look the same on a machine that lacks the fonts of the reader's. Rather too
/// wide than too narrow, so that nothing is cut or overlaps.
/// </summary>
internal sealed class ChartTextMeasurer : RenderContextBase
{
    private const double WidthPerCharacter = 0.58, Bold = 1.08, LineHeight = 1.35;

    /// <inheritdoc/>
    public override int ClipCount => 0;

    /// <inheritdoc/>
    public override OxySize MeasureText(string text, string fontFamily, double fontSize, double fontWeight)
    {
        string[] lines = (text ?? "").Split('\n');
        double width = WidthPerCharacter * fontSize * (fontWeight > FontWeights.Normal ? Bold : 1);
        return new OxySize(lines.Max(l => l.Length) * width, lines.Length * LineHeight * fontSize);
    }

    /// <inheritdoc/>
    public override void DrawLine(IList<ScreenPoint> points, OxyColor stroke, double thickness, EdgeRenderingMode edgeRenderingMode, double[] dashArray, LineJoin lineJoin) =>
        throw new NotSupportedException("It measures and does not draw.");

    /// <inheritdoc/>
    public override void DrawPolygon(
        IList<ScreenPoint> points, OxyColor fill, OxyColor stroke, double thickness, EdgeRenderingMode edgeRenderingMode, double[] dashArray, LineJoin lineJoin) =>
        throw new NotSupportedException("It measures and does not draw.");

    /// <inheritdoc/>
    public override void DrawText(
        ScreenPoint p, string text, OxyColor fill, string fontFamily, double fontSize, double fontWeight, double rotation,
        HorizontalAlignment horizontalAlignment, VerticalAlignment verticalAlignment, OxySize? maxSize) =>
        throw new NotSupportedException("It measures and does not draw.");

    /// <inheritdoc/>
    public override void PushClip(OxyRect clippingRectangle) => throw new NotSupportedException("It measures and does not draw.");

    /// <inheritdoc/>
    public override void PopClip() => throw new NotSupportedException("It measures and does not draw.");
}
