using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using SafeTuneBed.Models;

namespace SafeTuneBed.Sandbox.World;

/// <summary>The files of a model folder beside its weights, in Hugging Face's layout.</summary>
internal static class WorldModelFiles
{
    /// <summary>Chats as the world writes them: nothing between special tokens and text.</summary>
    public const string Template =
        "{%- if messages[0]['role'] == 'system' -%}{%- set system = messages[0]['content'] | trim + ' ' -%}"
        + "{%- set messages = messages[1:] -%}{%- else -%}{%- set system = '' -%}{%- endif -%}{{- bos_token -}}"
        + "{%- for message in messages -%}{%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}"
        + "{{- raise_exception('Roles must alternate: user, assistant, user, ...') -}}{%- endif -%}"
        + "{%- if message['role'] == 'user' -%}"
        + "{{- '<|user|>' + (system if loop.first else '') + message['content'] | trim + '<|end|>' -}}"
        + "{%- elif message['role'] == 'assistant' -%}{{- '<|assistant|>' + message['content'] | trim + '<|end|>' -}}"
        + "{%- else -%}{{- raise_exception('Only system, user and assistant messages are known.') -}}{%- endif -%}"
        + "{%- endfor -%}{%- if add_generation_prompt -%}{{- '<|assistant|>' -}}{%- endif -%}";

    /// <summary>All files but the weights: name and content.</summary>
    public static IEnumerable<(string Name, string Content)> Write(DecoderOptions model, WorldTokenizer tokenizer)
    {
        yield return ("chat_template.jinja", Template);
        yield return ("config.json", Config(model));
        yield return ("generation_config.json", GenerationConfig);
        yield return ("special_tokens_map.json", SpecialTokensMap);
        yield return ("tokenizer.json", TokenizerJson(tokenizer));
        yield return ("tokenizer_config.json", TokenizerConfig(model));
    }

    private const string GenerationConfig = """
        {
          "bos_token_id": 1,
          "eos_token_id": 4,
          "pad_token_id": 0,
          "do_sample": false,
          "max_new_tokens": 32,
          "transformers_version": "4.46.0"
        }

        """;

    private const string SpecialTokensMap = """
        {
          "bos_token": "<|bos|>",
          "eos_token": "<|end|>",
          "pad_token": "<|pad|>",
          "additional_special_tokens": [
            "<|user|>",
            "<|assistant|>"
          ]
        }

        """;

    private static string Config(DecoderOptions m) => string.Create(CultureInfo.InvariantCulture, $$"""
        {
          "architectures": [
            "LlamaForCausalLM"
          ],
          "model_type": "llama",
          "vocab_size": {{m.VocabularySize}},
          "hidden_size": {{m.HiddenSize}},
          "intermediate_size": {{m.IntermediateSize}},
          "num_hidden_layers": {{m.LayerCount}},
          "num_attention_heads": {{m.HeadCount}},
          "num_key_value_heads": {{m.KeyValueHeadCount}},
          "head_dim": {{m.HeadSize}},
          "hidden_act": "silu",
          "max_position_embeddings": {{m.ContextLength}},
          "rms_norm_eps": 1e-05,
          "rope_theta": 10000.0,
          "rope_scaling": null,
          "attention_bias": false,
          "mlp_bias": false,
          "attention_dropout": 0.0,
          "initializer_range": 0.02,
          "tie_word_embeddings": true,
          "use_cache": true,
          "pretraining_tp": 1,
          "bos_token_id": 1,
          "eos_token_id": 4,
          "pad_token_id": 0,
          "torch_dtype": "float16",
          "transformers_version": "4.46.0"
        }

        """);

    private static string TokenizerConfig(DecoderOptions model) => Json(indent: 2, json =>
    {
        json.WriteString("tokenizer_class", "PreTrainedTokenizerFast");
        json.WriteBoolean("add_bos_token", false);
        json.WriteBoolean("add_eos_token", false);
        json.WriteBoolean("add_prefix_space", true);
        json.WriteBoolean("clean_up_tokenization_spaces", false);
        json.WriteStartObject("added_tokens_decoder");
        for (int i = 0; i < WorldTokenizer.Specials.Length; i++)
        {
            json.WriteStartObject(WorldText.Number(i));
            Special(json, i);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteString("bos_token", WorldTokenizer.Specials[1]);
        json.WriteString("eos_token", WorldTokenizer.Specials[4]);
        json.WriteString("pad_token", WorldTokenizer.Specials[0]);
        json.WriteNull("unk_token");
        json.WriteStartArray("additional_special_tokens");
        json.WriteStringValue(WorldTokenizer.Specials[2]);
        json.WriteStringValue(WorldTokenizer.Specials[3]);
        json.WriteEndArray();
        json.WriteNumber("model_max_length", model.ContextLength);
        json.WriteString("padding_side", "left");
        json.WriteString("chat_template", Template);
    });

    private static string TokenizerJson(WorldTokenizer tokenizer) => Json(indent: 1, json =>
    {
        json.WriteString("version", "1.0");
        json.WriteNull("truncation");
        json.WriteNull("padding");
        json.WriteStartArray("added_tokens");
        for (int i = 0; i < WorldTokenizer.Specials.Length; i++)
        {
            json.WriteStartObject();
            json.WriteNumber("id", i);
            Special(json, i);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNull("normalizer");
        ByteLevel(json, "pre_tokenizer");
        json.WriteNull("post_processor");
        ByteLevel(json, "decoder");
        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        json.WriteNull("dropout");
        json.WriteNull("unk_token");
        json.WriteNull("continuing_subword_prefix");
        json.WriteNull("end_of_word_suffix");
        json.WriteBoolean("fuse_unk", false);
        json.WriteBoolean("byte_fallback", false);
        json.WriteBoolean("ignore_merges", false);
        json.WriteStartObject("vocab");
        for (int i = 0; i < tokenizer.Vocabulary.Count; i++)
        {
            json.WriteNumber(tokenizer.Vocabulary[i], i);
        }

        json.WriteEndObject();
        json.WriteStartArray("merges");
        foreach ((string left, string right) in tokenizer.Merges)
        {
            json.WriteStringValue($"{left} {right}");
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });

    private static void Special(Utf8JsonWriter json, int id)
    {
        json.WriteString("content", WorldTokenizer.Specials[id]);
        json.WriteBoolean("single_word", false);
        json.WriteBoolean("lstrip", false);
        json.WriteBoolean("rstrip", false);
        json.WriteBoolean("normalized", false);
        json.WriteBoolean("special", true);
    }

    private static void ByteLevel(Utf8JsonWriter json, string name)
    {
        json.WriteStartObject(name);
        json.WriteString("type", "ByteLevel");
        json.WriteBoolean("add_prefix_space", true);
        json.WriteBoolean("trim_offsets", true);
        json.WriteBoolean("use_regex", true);
        json.WriteEndObject();
    }

    private static string Json(int indent, Action<Utf8JsonWriter> members)
    {
        using var buffer = new MemoryStream();
        var layout = new JsonWriterOptions { Indented = true, IndentSize = indent, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (var json = new Utf8JsonWriter(buffer, layout))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray()) + "\n";
    }
}
