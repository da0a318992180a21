using SafeTuneBed.Models;

namespace SafeTuneBed.Tests.Core.Models;

public sealed class GenerationConfigTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("generation-config-");

    public void Dispose() => folder.Delete(recursive: true);

    [Theory]
    [InlineData("""{"eos_token_id":[5,7]}""", """{"eos_token_id":3}""", new[] { 5, 7 })]
    [InlineData("""{"eos_token_id":5}""", null, new[] { 5 })]
    [InlineData("""{"temperature":0.5}""", """{"eos_token_id":[3,4]}""", new[] { 3, 4 })]
    [InlineData(null, """{"eos_token_id":null}""", new[] { 99 })]
    [InlineData(null, null, new[] { 99 })]
    public void StopIds_OfAFolder_ComeFromTheFirstThatNamesThem(string? generation, string? model, int[] expected)
    {
        Write(generation);
        if (model is not null)
        {
            File.WriteAllText(Path.Combine(folder.FullName, "config.json"), model);
        }

        Assert.Equal(expected, GenerationConfig.Load(folder.FullName, 99).StopIds);
    }

    [Theory]
    [InlineData("""{"do_sample":true,"temperature":0.6,"top_p":0.9,"top_k":20,"repetition_penalty":1.05}""", 0.6, 0.9, 20, 1.05)]
    [InlineData("""{"do_sample":true}""", 1.0, 1.0, 50, 1.0)]                                      // transformers' own default is 50
    [InlineData("""{"do_sample":true,"top_k":null,"temperature":null,"top_p":null}""", 1.0, 1.0, 0, 1.0)]
    [InlineData("""{"do_sample":false,"temperature":0.6,"top_p":0.9}""", 0.0, 1.0, 0, 1.0)]
    [InlineData("""{"temperature":0.6,"min_p":0.1,"typical_p":0.5}""", 0.0, 1.0, 0, 1.0)]        // not in sampling, so without effect
    [InlineData("""{"repetition_penalty":1.3}""", 0.0, 1.0, 0, 1.3)]
    [InlineData("""{"num_beams":1,"guidance_scale":1.0,"no_repeat_ngram_size":0,"bad_words_ids":null,"suppress_tokens":[],"renormalize_logits":false,"_from_model_config":true,"transformers_version":"4.40.0","max_length":4096,"bos_token_id":1,"pad_token_id":0}""", 0.0, 1.0, 0, 1.0)]
    [InlineData(null, 0.0, 1.0, 0, 1.0)]
    public void Resolve_WhenAsked_TakesTheModelsOwnDecoding(string? content, double temperature, double topP, int topK, double penalty)
    {
        Write(content);

        GenerationOptions options = GenerationConfig.Load(folder.FullName).Resolve(new GenerationOptions { UseModelDefaults = true, MaxNewTokens = 9, Seed = 4 });

        Assert.Equal((temperature, topP, topK, penalty), (options.Temperature, options.TopP, options.TopK, options.RepetitionPenalty));
        Assert.Equal((9, 4UL, false), (options.MaxNewTokens, options.Seed, options.UseModelDefaults));
    }

    [Fact]
    public void Resolve_NotAsked_IgnoresTheFile()
    {
        Write("""{"do_sample":true,"temperature":0.6,"no_repeat_ngram_size":3}""");
        var options = new GenerationOptions { Temperature = 0.3 };

        Assert.Same(options, GenerationConfig.Load(folder.FullName).Resolve(options));
    }

    [Fact]
    public void Resolve_StopStrings_JoinThoseOfTheCaller()
    {
        Write("""{"stop_strings":["###","\n\n"]}""");

        Assert.Equal(["x", "###", "\n\n"], GenerationConfig.Load(folder.FullName).Resolve(new GenerationOptions { UseModelDefaults = true, StopStrings = ["x", "###"] }).StopStrings);
    }

    [Theory]
    [InlineData("""{"no_repeat_ngram_size":3}""", "'no_repeat_ngram_size' is '3'")]
    [InlineData("""{"bad_words_ids":[[5]]}""", "'bad_words_ids'")]
    [InlineData("""{"suppress_tokens":[1,2]}""", "'suppress_tokens'")]
    [InlineData("""{"do_sample":true,"min_p":0.05}""", "'min_p'")]
    [InlineData("""{"num_beams":4}""", "'num_beams'")]
    [InlineData("""{"something_new":"on"}""", "'something_new'")]
    [InlineData("""{"do_sample":true,"temperature":0}""", "temperature is '0'")]
    [InlineData("""{"do_sample":true,"top_p":1.5}""", "top_p is '1.5'")]
    [InlineData("""{"do_sample":true,"top_k":2.5}""", "top_k is '2.5'")]
    [InlineData("""{"repetition_penalty":"high"}""", "repetition_penalty")]
    [InlineData("""{"stop_strings":[3]}""", "stop_strings")]
    public void Resolve_WhatIsNotSupported_IsRefusedByName(string content, string named)
    {
        Write(content);
        GenerationConfig config = GenerationConfig.Load(folder.FullName);

        Assert.Contains(named, Assert.Throws<ModelFormatException>(() => config.Resolve(new GenerationOptions { UseModelDefaults = true })).Message);
    }

    [Fact]
    public void Resolve_SeveralFaults_AreAllNamed()
    {
        Write("""{"no_repeat_ngram_size":3,"num_beams":2}""");

        string message = Assert.Throws<ModelFormatException>(() => GenerationConfig.Load(folder.FullName).Resolve(new GenerationOptions { UseModelDefaults = true })).Message;

        Assert.All(["no_repeat_ngram_size", "num_beams", GenerationConfig.FileName], part => Assert.Contains(part, message));
    }

    [Fact]
    public void Resolve_ValuesOfOnesOwnBesideTheModels_AreRefused()
    {
        GenerationOptions[] mixed = [new() { TopK = 3 }, new() { TopP = 0.5 }, new() { Temperature = 1 }, new() { RepetitionPenalty = 1.1 }];

        Assert.All(mixed, o => Assert.Throws<ConfigurationException>(() => GenerationConfig.None.Resolve(o with { UseModelDefaults = true })));
    }

    private void Write(string? content)
    {
        if (content is not null)
        {
            File.WriteAllText(Path.Combine(folder.FullName, GenerationConfig.FileName), content);
        }
    }
}
