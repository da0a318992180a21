using System.Collections.Concurrent;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace SafeTuneBed.Judges;

/// <summary>The judges of a bed: keyed chat clients with their settings. Each is opened once for a run folder, so that its limits hold over all cells.</summary>
internal sealed class JudgeCatalog(IServiceProvider services) : IDisposable
{
    private readonly Dictionary<string, JudgeRegistration> registrations = services.GetServices<JudgeRegistration>().ToDictionary(r => r.Name, StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Lazy<JudgeJournal>> journals = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Name, string Folder), Lazy<Judge>> judges = new();
    private readonly TimeProvider time = services.GetService<TimeProvider>() ?? TimeProvider.System;

    /// <summary>The judges behind a name: one, or the members of a panel.</summary>
    /// <param name="name">Registered name.</param>
    /// <param name="measure">Who asks, for the message.</param>
    /// <exception cref="ConfigurationException">There is no such judge.</exception>
    public IReadOnlyList<string> Members(string name, string measure) => Members(name, measure, depth: 0);

    /// <summary>What the verdicts of a judge depend on, for fingerprints; null where there is no such judge.</summary>
    public string? FindIdentity(string name) =>
        registrations.GetValueOrDefault(name) is { Members.Count: > 0 } panel ? string.Join(" + ", panel.Members.Select(FindIdentity))
        : Client(name) is { } client ? Judge.IdentityOf(client, OptionsOf(name)) : null;

    /// <summary>The model behind a judge and its settings.</summary>
    public (string Model, JudgeOptions Options) Describe(string name) => (Judge.ModelOf(Client(name)!), OptionsOf(name));

    /// <summary>Whether each judge behind a name gives log-probabilities; false where there is none.</summary>
    public bool IsLanguageModel(string name) => registrations.GetValueOrDefault(name) is { Members.Count: > 0 } panel
        ? panel.Members.All(IsLanguageModel)
        : Client(name)?.GetService(typeof(ICausalLanguageModel)) is not null;

    /// <summary>Looks whether a judge has the key that it needs.</summary>
    /// <exception cref="ConfigurationException">It has none.</exception>
    public void CheckKey(string name)
    {
        if ((Client(name)?.GetService(typeof(OpenAIJudgeClient)) as OpenAIJudgeClient)?.FindFault() is { } fault)
        {
            throw new ConfigurationException(fault);
        }
    }

    /// <summary>A judge whose verdicts are kept below a folder.</summary>
    /// <param name="name">Registered name of a single judge.</param>
    /// <param name="sharedFolder">The run folder; null keeps verdicts in memory.</param>
    public Judge Open(string name, string? sharedFolder)
    {
        string folder = sharedFolder ?? "";
        return judges.GetOrAdd((name, folder), key => new Lazy<Judge>(() => new Judge(key.Name, Client(key.Name)!, OptionsOf(key.Name), JournalOf(key.Folder), time))).Value;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Lazy<Judge> judge in judges.Values.Where(j => j.IsValueCreated))
        {
            judge.Value.Dispose();
        }

        foreach (Lazy<JudgeJournal> journal in journals.Values.Where(j => j.IsValueCreated))
        {
            journal.Value.Dispose();
        }
    }

    private IReadOnlyList<string> Members(string name, string measure, int depth)
    {
        if (registrations.GetValueOrDefault(name) is { Members.Count: > 0 } panel)
        {
            return depth > 0
                ? throw new ConfigurationException($"Evaluator '{measure}': the panel '{name}' is a member of a panel. Name its members.")
                : [.. panel.Members.SelectMany(m => Members(m, measure, depth + 1))];
        }

        return Client(name) is not null
            ? [name]
            : throw new ConfigurationException(
                $"Evaluator '{measure}' needs a judge '{name}', and there is none. Register one with AddOpenAIJudge(\"{name}\", ...), AddLocalJudge, AddJudge, or as a keyed IChatClient of that name.{(registrations.Count > 0 ? $" Known: {string.Join(", ", registrations.Keys)}." : "")}");
    }

    private JudgeJournal JournalOf(string folder) =>
        journals.GetOrAdd(folder, f => new Lazy<JudgeJournal>(() => new JudgeJournal(f.Length == 0 ? null : JudgeJournal.FolderBelow(f), time))).Value;

    private JudgeOptions OptionsOf(string name) => registrations.GetValueOrDefault(name)?.Options ?? new JudgeOptions();

    private IChatClient? Client(string name) => services.GetKeyedService<IChatClient>(name);
}
