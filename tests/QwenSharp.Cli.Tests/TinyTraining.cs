using System.Text.Json;
using System.Text.Json.Nodes;

namespace QwenSharp.Cli.Tests;

/// <summary>
/// Files of a training run that takes a second: questions with one answer, a template, and a configuration of a model of width 32.
/// </summary>
internal sealed class TinyTraining : IDisposable
{
    private const string ChatMl =
        "{%- for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}{%- endfor %}"
        + "{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{%- endif %}";

    private readonly TemporaryFolder _folder = new();

    public TinyTraining()
    {
        File.WriteAllText(_folder["template.jinja"], ChatMl);
        WriteData("yes.jsonl", "yes");
    }

    public string this[string name] => _folder[name];

    public void Dispose() => _folder.Dispose();

    /// <summary>Sixty questions, each with this answer.</summary>
    /// <param name="name">The file.</param>
    /// <param name="answer">What is answered.</param>
    /// <param name="what">What is asked of each.</param>
    public string WriteData(string name, string answer, string what = "number")
    {
        File.WriteAllLines(_folder[name], Enumerable.Range(1, 60).Select(i => Line($"Is {i} a {what}?", answer)));
        return _folder[name];
    }

    /// <summary>The configuration of a run into the folder <paramref name="output"/>.</summary>
    /// <param name="output">The run's folder, and the name of its file.</param>
    /// <param name="change">What is to be different.</param>
    public string WriteConfig(string output, Action<JsonObject>? change = null)
    {
        JsonObject config = JsonNode
            .Parse(
                """
                {
                  "name": "tiny", "template": "template.jinja", "type": "f32",
                  "model": { "layers": 2, "width": 32, "heads": 4, "kv_heads": 2, "head_length": 8, "feed_forward_width": 64, "context_length": 64 },
                  "tokenizer": { "vocabulary": 320 },
                  "training": {
                    "data": ["yes.jsonl"], "held_out": 0.2, "sequence_length": 64, "batch_tokens": 256, "micro_batch_tokens": 128,
                    "steps": 40, "learning_rate": 0.01, "warmup_steps": 4, "evaluation_interval": 5, "checkpoint_minutes": 0
                  }
                }
                """
            )!
            .AsObject();
        config["output"] = output;
        change?.Invoke(config);
        string path = _folder[output + ".json"];
        File.WriteAllText(path, config.ToJsonString());
        return path;
    }

    /// <summary>What a run must do the same, killed or not: its weights, and the loss of each step.</summary>
    public (byte[] Weights, string Log) Result(string output) =>
        (File.ReadAllBytes(Path.Combine(_folder[output], "model.gguf")), File.ReadAllText(Path.Combine(_folder[output], "log.jsonl")));

    public static string Line(string question, string answer) =>
        JsonSerializer.Serialize(
            new { messages = new[] { new { role = "user", content = question }, new { role = "assistant", content = answer } } });
}
