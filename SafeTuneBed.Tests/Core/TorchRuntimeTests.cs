using SafeTuneBed.Tests.TestDoubles;
using TorchSharp;

namespace SafeTuneBed.Tests.Core;

[Collection(TorchCollection.Name)]
public sealed class TorchRuntimeTests
{
    [Fact]
    public void Torch_OnThisHost_Loads() => Assert.Equal(3f, (torch.ones(1) + 2).item<float>());
}
