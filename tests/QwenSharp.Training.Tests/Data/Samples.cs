using QwenSharp.Chat;
using QwenSharp.Tokenizers;

namespace QwenSharp.Training.Tests.Data;

/// <summary>A tokenizer and templates of the tests' own, and short ways to put data into files.</summary>
internal static class Samples
{
    /// <summary>A step's batch in one part.</summary>
    public static TrainingBatch Batch(this TrainingData data, long step, int rows) => data.Batches(step, rows, rows)[0];

    /// <summary>ChatML, which shows every turn as it was said.</summary>
    public const string Plain = """
        {%- for message in messages %}
            {{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}
        {%- endfor %}
        {%- if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}
        """;

    /// <summary>In Qwen3's manner: the last answer shows its reasoning, earlier ones do not; thinking can be turned off.</summary>
    public const string Thinking = """
        {%- set ns = namespace(last=-1) %}
        {%- for message in messages %}{% if message.role == 'user' %}{% set ns.last = loop.index0 %}{% endif %}{% endfor %}
        {%- for tool in tools or [] %}{{ '<tools>' ~ (tool | tojson) ~ '</tools>\n' }}{% endfor %}
        {%- for message in messages %}
            {{- '<|im_start|>' + message.role + '\n' }}
            {%- if message.role == 'assistant' and loop.index0 > ns.last %}{{ '<think>\n' + (message.reasoning_content or '') + '\n</think>\n\n' }}{% endif %}
            {{- message.content }}
            {%- for call in message.tool_calls %}
                {{- '<tool_call>\n{"name": "' ~ call.function.name ~ '", "arguments": ' ~ (call.function.arguments | tojson) ~ '}\n</tool_call>' }}
            {%- endfor %}
            {{- '<|im_end|>\n' }}
        {%- endfor %}
        {%- if add_generation_prompt %}
            {{- '<|im_start|>assistant\n' }}
            {%- if enable_thinking is defined and not enable_thinking %}{{ '<think>\n\n</think>\n\n' }}{% endif %}
        {%- endif %}
        """;

    /// <summary>In QwQ's manner: the prompt opens the reasoning, and no turn shows any.</summary>
    public const string Opening = Plain + "{% if add_generation_prompt %}{{ '<think>\\n' }}{% endif %}";

    public static BpeVocabulary Vocabulary { get; } =
        BpeTrainer.Train(
            [
                "Who are you? I am a small model. the weather in Paris is sunny today",
                "{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}",
                "user assistant system",
            ],
            new BpeTrainerOptions { VocabularySize = 330, MinimumFrequency = 1 });

    public static BpeTokenizer Tokenizer { get; } = BpeTokenizer.Create(Vocabulary);

    public static ChatTemplate PlainTemplate { get; } = new(Plain);

    /// <summary>A question and its answer as a line.</summary>
    public static string Line(string question, string answer) =>
        $$"""{"messages":[{"role":"user","content":"{{question}}"},{"role":"assistant","content":"{{answer}}"}]}""";

    public static TrainingData Load(string path, TrainingDataOptions? options = null, BpeTokenizer? tokenizer = null) =>
        TrainingData.Load([path], tokenizer ?? Tokenizer, PlainTemplate, options, cancellationToken: TestContext.Current.CancellationToken);
}

/// <summary>A file that is gone with the test.</summary>
internal sealed class TemporaryFile : IDisposable
{
    public TemporaryFile(string extension, params IEnumerable<string> lines)
    {
        Path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), System.IO.Path.GetRandomFileName() + extension);
        File.WriteAllText(Path, string.Join('\n', lines));
    }

    public string Path { get; }

    public void Dispose() => File.Delete(Path);
}
