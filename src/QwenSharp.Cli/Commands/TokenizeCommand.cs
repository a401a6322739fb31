using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using QwenSharp.Cli.Hub;
using QwenSharp.Cli.Options;
using QwenSharp.Cli.Terminals;
using QwenSharp.Faults;
using QwenSharp.Tokenizers;

namespace QwenSharp.Cli.Commands;

/// <summary><c>qwensharp tokenize</c>: text to token ids and back.</summary>
internal static class TokenizeCommand
{
    private const string Examples = """
        qwensharp tokenize qwen3-0.6b.gguf "Hello, world"           # 9707 11 1879
        qwensharp tokenize tokenizer.json < notes.txt               # standard input, exactly as it is
        qwensharp tokenize vocab.gguf --jsonl < texts.jsonl         # {"text": …} a line in, {"ids": […]} a line out
        qwensharp tokenize vocab.gguf --parse-special "<|im_end|>"  # one control token; without the option, text
        qwensharp tokenize vocab.gguf --decode 9707,11,1879
        """;

    public static Command Create(Terminal terminal)
    {
        Argument<string> model = Values.Model(
            "A GGUF file, with weights or without, a Hugging Face folder, or its tokenizer.json or qwen.tiktoken.");
        Argument<string?> text = new("TEXT")
        {
            Description = "The text; without it, all of standard input.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<bool> jsonl = new("--jsonl")
        {
            Description = "Read lines {\"text\": …} and write lines {\"ids\": […]}; with --decode the other way round.",
        };
        Option<bool> special = new("--parse-special")
        {
            Description = "Parse control tokens such as <|im_start|> in the text. Other added tokens, such as <think>, always are.",
        };
        Option<bool> decode = new("--decode") { Description = "Turn ids, separated by commas or white space, into text." };
        Option<bool> json = Values.Json("One JSON object with the ids and the text of each token.");
        DocumentedCommand command = new("tokenize", "Turns text into token ids, one line of them, or ids into text.", Examples)
        {
            model,
            text,
            jsonl,
            special,
            decode,
            json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(jsonl) && (result.GetValue(text) is not null || result.GetValue(json)))
                result.AddError("--jsonl reads standard input and writes JSON lines; it goes with neither TEXT nor --json.");
            if (result.GetValue(decode) && result.GetValue(special))
                result.AddError("--decode takes ids; --parse-special is about text.");
        });
        command.SetAction(
            async (parsed, stop) =>
            {
                string source = parsed.GetValue(model)!;
                BpeTokenizer tokenizer = QwenTokenizer.Load(LocalModel.Of(source).Path);
                TokenParsing parsing = parsed.GetValue(special) ? TokenParsing.All : TokenParsing.Added;
                if (parsed.GetValue(jsonl))
                {
                    Func<JsonElement, string> convert = parsed.GetValue(decode)
                        ? line =>
                            TextLine(
                                tokenizer.Decode(
                                    Known(tokenizer, [.. Field(line, "ids").EnumerateArray().Select(id => id.GetInt32())], source)))
                        : line =>
                            IdsLine(
                                tokenizer.Encode(Field(line, "text").GetString() ?? throw new FormatException("'text' is null."), parsing));
                    await ConvertLinesAsync(terminal, convert, stop).ConfigureAwait(false);
                    return ExitCode.Ok;
                }

                string input = parsed.GetValue(text) ?? await terminal.ReadAllAsync(stop).ConfigureAwait(false);
                int[] ids = parsed.GetValue(decode) ? Known(tokenizer, TokenList.Parse(input), source) : tokenizer.Encode(input, parsing);
                if (parsed.GetValue(json))
                    terminal.Out.WriteLine(Describe(tokenizer, ids).ToJsonString(Output.JsonText));
                else if (parsed.GetValue(decode))
                    terminal.Out.Write(tokenizer.Decode(ids));
                else
                    terminal.Out.WriteLine(string.Join(' ', ids));

                return ExitCode.Ok;
            });
        return command;
    }

    /// <summary>Converts line by line; each result is written before the next line is awaited, so a program can hold a dialogue.</summary>
    private static async Task ConvertLinesAsync(Terminal terminal, Func<JsonElement, string> convert, CancellationToken stop)
    {
        int number = 0;
        await foreach (string line in terminal.ReadLinesAsync(stop).ConfigureAwait(false))
        {
            number++;
            try
            {
                if (string.IsNullOrWhiteSpace(line))
                    throw new FormatException("it is empty.");

                using JsonDocument document = JsonDocument.Parse(line, Output.StrictJson);
                terminal.Out.WriteLine(convert(document.RootElement));
                terminal.Out.Flush();
            }
            catch (Exception wrong)
                when (wrong
                        is JsonException
                            or InvalidOperationException
                            or KeyNotFoundException
                            or FormatException
                            or ArgumentException
                            or InvalidDataException)
            {
                throw new InvalidDataException($"line {number} is not what --jsonl reads: {JsonProblem.Of(wrong)}.", wrong);
            }
        }
    }

    private static int[] Known(BpeTokenizer tokenizer, int[] ids, string source) =>
        Array.FindIndex(ids, id => (uint)id >= (uint)tokenizer.VocabularySize) is >= 0 and var unknown
            ? throw new InvalidDataException($"{ids[unknown]} is no token of {source}, whose ids are 0 to {tokenizer.VocabularySize - 1}.")
            : ids;

    private static JsonElement Field(JsonElement line, string name) =>
        line.ValueKind != JsonValueKind.Object ? throw new FormatException($"it is no object with '{name}'.")
        : line.TryGetProperty(name, out JsonElement value) ? value
        : throw new FormatException($"it has no '{name}'.");

    private static JsonObject Describe(BpeTokenizer tokenizer, int[] ids) => new()
    {
        ["ids"] = new JsonArray([.. ids.Select(id => (JsonNode)id)]),
        ["tokens"] = new JsonArray([.. ids.Select(id => (JsonNode)tokenizer.Decode([id]))]),
    };

    private static string IdsLine(int[] ids) => $$"""{"ids":[{{string.Join(',', ids)}}]}""";

    private static string TextLine(string text) => new JsonObject { ["text"] = text }.ToJsonString(Output.JsonText);
}
