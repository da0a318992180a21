using Microsoft.Extensions.DependencyInjection;

namespace SafeTuneBed.Running;

/// <summary>The builder is nothing but the services: whatever it collects lies there.</summary>
internal sealed class SafeTuneBedBuilder(IServiceCollection services) : ISafeTuneBedBuilder
{
    public IServiceCollection Services { get; } = services;
}
