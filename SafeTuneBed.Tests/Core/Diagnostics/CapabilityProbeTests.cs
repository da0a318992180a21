using SafeTuneBed.Diagnostics;
using SafeTuneBed.Tests.TestDoubles;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Core.Diagnostics;

[Collection(TorchCollection.Name)]
public sealed class CapabilityProbeTests
{
    [Theory]
    [InlineData(DataType.Float32, ScalarType.Float32)]
    [InlineData(DataType.BFloat16, ScalarType.BFloat16)]
    [InlineData(DataType.Float16, ScalarType.Float16)]
    public void Choose_AType_TakesItAsItIs(DataType requested, ScalarType expected)
        => Assert.Equal(expected, CapabilityProbe.Choose(requested, CPU, 64));

    [Fact]
    public void Choose_AutoForASmallModel_IsFloat32WhateverTheMachine()
        => Assert.Equal(ScalarType.Float32, CapabilityProbe.Choose(DataType.Auto, CPU, CapabilityProbe.LeastWidth - 1));

    [Fact]
    public void Choose_AutoForALargeModel_FollowsTheMeasurement()
    {
        double gain = CapabilityProbe.BFloat16Gain(CPU);

        Assert.True(double.IsFinite(gain) && gain > 0);
        Assert.Equal(gain >= CapabilityProbe.LeastGain ? ScalarType.BFloat16 : ScalarType.Float32, CapabilityProbe.Choose(DataType.Auto, CPU, 4096));
        Assert.Equal(gain, CapabilityProbe.BFloat16Gain(CPU));   // measured once
    }

    [Theory]
    [InlineData("tpu")]
    [InlineData("cuda:x")]
    [InlineData("cuda:-1")]
    [InlineData("cuda:999")]
    public void Parse_UnknownOrAbsentDevice_IsRefused(string name)
        => Assert.Contains($"'{name}'", Assert.Throws<ConfigurationException>(() => ComputeDevice.Parse(name)).Message);

    [Fact]
    public void Parse_Cpu_IsTheCpu() => Assert.Equal(TorchSharp.DeviceType.CPU, ComputeDevice.Parse("cpu").type);
}
