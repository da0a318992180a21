namespace SafeTuneBed.Mmlu;

/// <summary>The categories of the subjects: those of Hendrycks et al., and those of lm-evaluation-harness, which count anatomy as STEM.</summary>
internal static class MmluCategories
{
    private static readonly Dictionary<string, string> BySubject = new[]
    {
        ("humanities", "formal_logic high_school_european_history high_school_us_history high_school_world_history international_law jurisprudence logical_fallacies moral_disputes moral_scenarios philosophy prehistory professional_law world_religions"),
        ("social-sciences", "econometrics high_school_geography high_school_government_and_politics high_school_macroeconomics high_school_microeconomics high_school_psychology human_sexuality professional_psychology public_relations security_studies sociology us_foreign_policy"),
        ("stem", "abstract_algebra astronomy college_biology college_chemistry college_computer_science college_mathematics college_physics computer_security conceptual_physics electrical_engineering elementary_mathematics high_school_biology high_school_chemistry high_school_computer_science high_school_mathematics high_school_physics high_school_statistics machine_learning"),
        ("other", "anatomy business_ethics clinical_knowledge college_medicine global_facts human_aging management marketing medical_genetics miscellaneous nutrition professional_accounting professional_medicine virology"),
    }.SelectMany(c => c.Item2.Split(' ').Select(s => (Subject: s, Category: c.Item1))).ToDictionary(p => p.Subject, p => p.Category, StringComparer.Ordinal);

    /// <summary>What a question belongs to. A subject of one's own has no category.</summary>
    public static IReadOnlyDictionary<string, string> GroupsOf(string subject) => BySubject.TryGetValue(subject, out string? category)
        ? new Dictionary<string, string> { ["subject"] = subject, ["category-hendrycks"] = category, ["category-lm-eval"] = subject == "anatomy" ? "stem" : category }
        : new Dictionary<string, string> { ["subject"] = subject };
}
