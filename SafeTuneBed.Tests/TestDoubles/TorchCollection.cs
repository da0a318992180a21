using TorchSharp;

namespace SafeTuneBed.Tests.TestDoubles;

/// <summary>Every test that touches torch belongs to this collection: one at a time, one thread, so that results repeat.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class TorchCollection : ICollectionFixture<TorchFixture>
{
    public const string Name = "torch";
}

/// <summary>Fixes torch's thread count for the tests.</summary>
public sealed class TorchFixture
{
    public TorchFixture() => torch.set_num_threads(1);
}
