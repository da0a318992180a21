using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using SafeTuneBed.Judges;

namespace SafeTuneBed;

/// <summary>Registers judges: models that grade the answers of the model under test. A judge is a chat client under a name.</summary>
public static class JudgeBuilderExtensions
{
    /// <summary>Registers any chat client as a judge. Its own retries should be off: each request is counted as one call.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="name">The name by which measures ask for it.</param>
    /// <param name="create">Makes the client; called once.</param>
    /// <param name="configure">Limits, prices, ceilings.</param>
    /// <exception cref="ConfigurationException">The name is taken, or a setting out of range.</exception>
    public static ISafeTuneBedBuilder AddJudge(this ISafeTuneBedBuilder builder, string name, Func<IServiceProvider, IChatClient> create, Action<JudgeOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(create);
        JudgeOptions options = Settings(builder, name, new JudgeOptions(), configure);
        return Add(builder, name, options, create);
    }

    /// <summary>Registers a chat client that the caller made, and disposes, as a judge.</summary>
    /// <exception cref="ConfigurationException">The name is taken, or a setting out of range.</exception>
    public static ISafeTuneBedBuilder AddJudge(this ISafeTuneBedBuilder builder, string name, IChatClient client, Action<JudgeOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        return builder.AddJudge(name, _ => new BorrowedChatClient(client), configure);
    }

    /// <summary>Registers a model of OpenAI, or of any server that speaks alike (<see cref="OpenAIJudgeOptions.Endpoint"/>), as a judge.</summary>
    /// <exception cref="ConfigurationException">The name is taken, no model is named, or a setting is out of range.</exception>
    public static ISafeTuneBedBuilder AddOpenAIJudge(this ISafeTuneBedBuilder builder, string name, Action<OpenAIJudgeOptions>? configure = null)
    {
        OpenAIJudgeOptions options = Settings(builder, name, new OpenAIJudgeOptions(), configure);
        return Add(builder, name, options, _ => new OpenAIJudgeClient(name, options));
    }

    /// <summary>Registers a model on this machine as a judge. It is opened when it is first asked, and asked in batches.</summary>
    /// <exception cref="ConfigurationException">The name is taken, or a setting out of range.</exception>
    public static ISafeTuneBedBuilder AddLocalJudge(this ISafeTuneBedBuilder builder, string name, ModelReference model, Action<JudgeOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        JudgeOptions options = Settings(builder, name, new JudgeOptions { MaxConcurrency = LocalJudgeModel.Concurrency }, configure);
        ISafeTuneBedBuilder added = Add(builder, name, options, services => services.GetRequiredKeyedService<LocalJudgeModel>(name).AsChatClient());
        added.Services.AddKeyedSingleton(name, (_, _) => new LocalJudgeModel(model));
        return added;
    }

    /// <summary>Registers a rule as a judge: it gets the text of the request and returns the verdict. For tests, and for judges that are no model.</summary>
    /// <exception cref="ConfigurationException">The name is taken, or a setting out of range.</exception>
    public static ISafeTuneBedBuilder AddScriptedJudge(this ISafeTuneBedBuilder builder, string name, Func<string, string> answer, Action<JudgeOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(answer);
        return builder.AddJudge(name, _ => new ScriptedChatClient(name, answer), configure);
    }

    /// <summary>
    /// Registers several judges as one. Each is asked; a verdict is the median of theirs (of an even number the lower of the two in the middle), and there is none where
    /// fewer than half gave one.
    /// </summary>
    /// <exception cref="ConfigurationException">The name is taken, or there are fewer than two members.</exception>
    public static ISafeTuneBedBuilder AddJudgePanel(this ISafeTuneBedBuilder builder, string name, params IReadOnlyList<string> judges)
    {
        ArgumentNullException.ThrowIfNull(judges);
        return judges.Distinct(StringComparer.Ordinal).Count() < 2 || judges.Distinct(StringComparer.Ordinal).Count() != judges.Count
            ? throw new ConfigurationException($"The panel '{name}' has the members '{string.Join(", ", judges)}'. Name two judges or more, each once.")
            : Register(builder, new JudgeRegistration(name, null, [.. judges]));
    }

    // Defaults < the configuration's section Judges:name < code.
    private static TOptions Settings<TOptions>(ISafeTuneBedBuilder builder, string name, TOptions options, Action<TOptions>? configure)
        where TOptions : JudgeOptions
    {
        builder.BindJudgeSettings(name, options);
        configure?.Invoke(options);
        return options;
    }

    private static ISafeTuneBedBuilder Add(ISafeTuneBedBuilder builder, string name, JudgeOptions options, Func<IServiceProvider, IChatClient> create)
    {
        options.Check(name);
        Register(builder, new JudgeRegistration(name, options, []));
        builder.Services.AddKeyedSingleton(name, (services, _) => create(services));
        return builder;
    }

    private static ISafeTuneBedBuilder Register(ISafeTuneBedBuilder builder, JudgeRegistration registration)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(registration.Name);
        if (builder.Services.Select(s => s.IsKeyedService ? null : s.ImplementationInstance).OfType<JudgeRegistration>().Any(r => r.Name == registration.Name))
        {
            throw new ConfigurationException($"The judge '{registration.Name}' is registered twice. Give each its own name.");
        }

        builder.Services.AddSingleton(registration);
        builder.Services.TryAddSingleton<JudgeCatalog>();
        return builder;
    }

    /// <summary>A client whose owner disposes it.</summary>
    private sealed class BorrowedChatClient(IChatClient inner) : DelegatingChatClient(inner)
    {
        protected override void Dispose(bool disposing)
        {
            // the owner's
        }
    }
}
