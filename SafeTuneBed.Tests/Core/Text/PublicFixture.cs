using SafeTuneBed.Tests.Parity;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Core.Text;

/// <summary>Runs the checks of one fixture that lies beside the checkout, since what it was made from is not ours to copy.</summary>
internal static class PublicFixture
{
    public static void Check(string group, string name)
    {
        string root = SharedFolder.Require("golden");
        var fixture = new GoldenFixture(root, SharedFolder.Require("golden", group, name));
        var kind = GoldenKinds.Of(fixture);
        Assert.NotNull(kind);
        Assert.Null(kind.Unsupported(fixture));
        foreach ((string check, Action<GoldenFixture, Measured> run) in kind.Checks(fixture))
        {
            run(fixture, new Measured(fixture.Name, check));
        }
    }
}
