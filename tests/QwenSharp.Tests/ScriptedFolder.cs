using System.Text;
using System.Text.Json.Nodes;
using QwenSharp.Formats;
using QwenSharp.Models;

namespace QwenSharp.Tests;

/// <summary>The model of <see cref="ScriptedCheckpoint"/> as a Hugging Face folder.</summary>
internal static class ScriptedFolder
{
    private const string Pattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>Writes the folder.</summary>
    /// <returns>The path.</returns>
    public static string Write(string folder)
    {
        Directory.CreateDirectory(folder);
        string path = ScriptedCheckpoint.Write(Path.Combine(folder, "scripted.gguf"));
        using (GgufFile file = GgufFile.Open(path))
        {
            HuggingFaceFolder.Write(
                folder,
                LanguageModel.Load(file).Config,
                file.Tensors,
                edit: json => json["eos_token_id"] = file.Metadata.GetInt32("tokenizer.ggml.eos_token_id"));
            File.WriteAllText(Path.Combine(folder, "chat_template.jinja"), file.Metadata.GetString("tokenizer.chat_template"));
            File.WriteAllText(Path.Combine(folder, "tokenizer.json"), Tokenizer(file.Metadata).ToJsonString());
            File.WriteAllText(Path.Combine(folder, "generation_config.json"), """{"temperature":0.25,"top_k":7}""");
        }

        File.Delete(path);
        return folder;
    }

    /// <summary>Writes a dense model of random weights, with a tokenizer.</summary>
    /// <returns>The path.</returns>
    public static string WriteRandom(string folder, ModelConfig config, SafetensorsType type = SafetensorsType.BF16, int seed = 3)
    {
        Directory.CreateDirectory(folder);
        HuggingFaceFolder.Write(folder, config, RandomWeights.Create(config, WeightMix.Find("f32"), seed), type);
        WriteTokenizer(folder);
        return folder;
    }

    /// <summary>Writes the scripted model's tokenizer, which has fewer than 320 tokens.</summary>
    public static void WriteTokenizer(string folder)
    {
        string path = ScriptedCheckpoint.Write(Path.Combine(folder, "scripted.gguf"), weights: false);
        using (GgufFile file = GgufFile.Open(path))
        {
            File.WriteAllText(Path.Combine(folder, "tokenizer.json"), Tokenizer(file.Metadata).ToJsonString());
            File.WriteAllText(
                Path.Combine(folder, "tokenizer_config.json"),
                new JsonObject
                {
                    ["add_bos_token"] = false,
                    ["eos_token"] = "<|im_end|>",
                    ["chat_template"] = "{{ messages }}",
                }.ToJsonString());
        }

        File.Delete(path);
    }

    /// <summary>Makes the tokenizer of a folder put a token behind each text, as Qwen3-Embedding's does.</summary>
    public static void AppendBehindTexts(string folder, string token)
    {
        string path = Path.Combine(folder, "tokenizer.json");
        JsonNode file = JsonNode.Parse(File.ReadAllText(path))!;
        int id = file["added_tokens"]!.AsArray().Single(added => added!["content"]!.GetValue<string>() == token)!["id"]!.GetValue<int>();
        file["post_processor"] = JsonNode.Parse($$$"""
            {"type": "Sequence", "processors": [{"type": "ByteLevel"}, {"type": "TemplateProcessing",
              "single": [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "{{{token}}}", "type_id": 0}}],
              "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "{{{token}}}", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
              "special_tokens": {"{{{token}}}": {"id": "{{{token}}}", "ids": [{{{id}}}], "tokens": ["{{{token}}}"]} } } ]}
            """);
        File.WriteAllText(path, file.ToJsonString());
    }

    private static JsonObject Tokenizer(GgufMetadata metadata)
    {
        string[] tokens = [.. metadata.GetStringArray("tokenizer.ggml.tokens").Select(utf8 => Encoding.UTF8.GetString(utf8.Span))];
        int[] types = metadata.GetInt32Array("tokenizer.ggml.token_type");
        JsonObject vocabulary = [];
        JsonArray added = [];
        for (int id = 0; id < tokens.Length; id++)
        {
            if (types[id] == 1)
            {
                vocabulary[tokens[id]] = id;
            }
            else if (types[id] != 5)
            {
                added.Add(
                    new JsonObject
                    {
                        ["id"] = id,
                        ["content"] = tokens[id],
                        ["single_word"] = false,
                        ["lstrip"] = false,
                        ["rstrip"] = false,
                        ["normalized"] = false,
                        ["special"] = types[id] == 3,
                    });
            }
        }

        return new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = added,
            ["normalizer"] = new JsonObject { ["type"] = "NFC" },
            ["pre_tokenizer"] = new JsonObject
            {
                ["type"] = "Sequence",
                ["pretokenizers"] = new JsonArray(
                    new JsonObject
                    {
                        ["type"] = "Split",
                        ["pattern"] = new JsonObject { ["Regex"] = Pattern },
                        ["behavior"] = "Isolated",
                        ["invert"] = false,
                    },
                    new JsonObject
                    {
                        ["type"] = "ByteLevel",
                        ["add_prefix_space"] = false,
                        ["trim_offsets"] = false,
                        ["use_regex"] = false,
                    }),
            },
            ["decoder"] = new JsonObject
            {
                ["type"] = "ByteLevel",
                ["add_prefix_space"] = false,
                ["trim_offsets"] = false,
                ["use_regex"] = false,
            },
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray([
                    .. metadata.GetStringArray("tokenizer.ggml.merges").Select(utf8 => (JsonNode)Encoding.UTF8.GetString(utf8.Span)),
                ]),
            },
        };
    }
}
