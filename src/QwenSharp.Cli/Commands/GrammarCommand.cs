using System.CommandLine;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using QwenSharp.Cli.Hub;
using QwenSharp.Cli.Options;
using QwenSharp.Cli.Terminals;
using QwenSharp.Faults;
using QwenSharp.Grammars;
using QwenSharp.Tokenizers;

namespace QwenSharp.Cli.Commands;

/// <summary><c>qwensharp grammar</c>: whether a text is what a schema, an expression or a grammar asks for, token by token.</summary>
internal static class GrammarCommand
{
    private const string Examples = """
        qwensharp grammar schema.json --check '{"name": "Ada"}'             # does a text follow the schema?
        qwensharp grammar --regex '[0-9]{4}-[0-9]{2}' --check 2026-12       # an expression, for the whole text
        qwensharp grammar --gbnf rules.gbnf --check "1 + 2"                 # a grammar in llama.cpp's form
        qwensharp grammar --jsonl --model tokenizer.json < schemas.jsonl    # {"schema": …, "tests": [{"data": …}]} a line
        """;

    public static Command Create(Terminal terminal)
    {
        Argument<string?> schema = new("SCHEMA.json")
        {
            Description = "A file with a JSON Schema; none where --regex, --gbnf or --jsonl is given.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<string?> regex = new("--regex") { Description = "A regular expression that the whole text must match.", HelpName = "R" };
        Option<string?> gbnf = new("--gbnf") { Description = "A file with a grammar in GBNF.", HelpName = "FILE" };
        Option<string?> model = new("--model")
        {
            Description = "Whose tokens: a GGUF file, with weights or without, a Hugging Face folder, its tokenizer.json, or the name of a "
                + "pulled model; without it those of the model in the box.",
            HelpName = "MODEL",
        };
        Option<string?> check = new("--check") { Description = "The text to check.", HelpName = "TEXT" };
        Option<bool> jsonl = new("--jsonl")
        {
            Description = "Read lines {\"schema\": …, \"tests\": [{\"data\": …}]}; write for each what was accepted, and the times.",
        };
        DocumentedCommand command = new(
            "grammar",
            "Checks texts against a JSON Schema, an expression or a grammar, through the masks that constrain a model.",
            Examples)
        {
            schema,
            regex,
            gbnf,
            model,
            check,
            jsonl,
        };
        command.Validators.Add(result =>
        {
            string?[] given = [result.GetValue(schema), result.GetValue(regex), result.GetValue(gbnf)];
            int sources = given.Count(source => source is not null);
            if (result.GetValue(jsonl))
            {
                if (sources > 0 || result.GetValue(check) is not null)
                    result.AddError("--jsonl reads schemas and instances from standard input; nothing else goes with it.");
            }
            else if (sources != 1)
            {
                result.AddError("One of SCHEMA.json, --regex and --gbnf is needed.");
            }
            else if (result.GetValue(check) is null)
            {
                result.AddError("--check TEXT, or --jsonl, is needed.");
            }
        });
        command.SetAction(
            async (parsed, stop) =>
            {
                BpeTokenizer tokenizer = QwenTokenizer.Load(LocalModel.Of(parsed.GetValue(model) ?? BoxModel.Name).Path);
                GrammarCheck checks = new(tokenizer);
                if (parsed.GetValue(jsonl))
                {
                    await CheckLinesAsync(terminal, checks, stop).ConfigureAwait(false);
                    return ExitCode.Ok;
                }

                Grammar grammar = await ReadAsync(parsed.GetValue(schema), parsed.GetValue(regex), parsed.GetValue(gbnf), stop)
                    .ConfigureAwait(false);
                bool isAccepted = checks.Accepts(grammar, parsed.GetValue(check)!, out string read);
                terminal.Out.WriteLine(
                    isAccepted ? "accepted"
                    : read.Length == parsed.GetValue(check)!.Length ? "refused: the text may not end here"
                    : $"refused behind {JsonValue.Create(read).ToJsonString(Output.JsonText)}");
                return isAccepted ? ExitCode.Ok : ExitCode.Failure;
            });
        return command;
    }

    private static async Task<Grammar> ReadAsync(string? schema, string? regex, string? gbnf, CancellationToken stop)
    {
        if (regex is not null)
            return Grammar.FromRegex(regex);
        if (gbnf is not null)
            return Grammar.FromGbnf(await File.ReadAllTextAsync(gbnf, stop).ConfigureAwait(false));
        try
        {
            using JsonDocument document = JsonDocument.Parse(
                await File.ReadAllBytesAsync(schema!, stop).ConfigureAwait(false),
                Output.StrictJson);
            return Grammar.FromJsonSchema(document.RootElement);
        }
        catch (JsonException wrong)
        {
            throw new InvalidDataException($"'{schema}' is no JSON: {JsonProblem.Of(wrong)}.", wrong);
        }
    }

    private static async Task CheckLinesAsync(Terminal terminal, GrammarCheck checks, CancellationToken stop)
    {
        int number = 0;
        await foreach (string line in terminal.ReadLinesAsync(stop).ConfigureAwait(false))
        {
            number++;
            try
            {
                using JsonDocument document = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 512 });
                terminal.Out.WriteLine(checks.Run(document.RootElement).ToJsonString(Output.JsonText));
                terminal.Out.Flush();
            }
            catch (Exception wrong) when (wrong is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
            {
                throw new InvalidDataException($"line {number} is not what --jsonl reads: {JsonProblem.Of(wrong)}.", wrong);
            }
        }
    }
}

/// <summary>Checks instances against schemas as a model would write them: as tokens, each allowed by the mask before it.</summary>
internal sealed class GrammarCheck
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = Output.JsonText.Encoder };

    private readonly BpeTokenizer _tokenizer;
    private readonly TokenVocabulary _vocabulary;
    private readonly uint[] _mask;
    private readonly List<int> _tokens = [];

    public GrammarCheck(BpeTokenizer tokenizer)
    {
        _tokenizer = tokenizer;
        _vocabulary = TokenVocabulary.Of(tokenizer);
        _mask = new uint[_vocabulary.MaskLength];
        WarmUp();
    }

    /// <summary>Whether a text is of a grammar.</summary>
    /// <param name="grammar">The grammar.</param>
    /// <param name="text">The text.</param>
    /// <param name="read">What of it was read.</param>
    public bool Accepts(Grammar grammar, string text, out string read)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        int length = 0;
        bool isAccepted = Accepts(grammar, bytes, null, ref length);
        read = Encoding.UTF8.GetString(bytes.AsSpan(0, length));
        return isAccepted;
    }

    /// <summary>One line: a schema and its instances.</summary>
    public JsonObject Run(JsonElement line)
    {
        if (!line.TryGetProperty("schema", out JsonElement schema) || !line.TryGetProperty("tests", out JsonElement tests))
            throw new FormatException("it has no 'schema' with 'tests'");
        List<double> masks = [];
        JsonArray accepted = [];
        long began = Stopwatch.GetTimestamp();
        double compiled;
        try
        {
            Grammar grammar = Grammar.FromJsonSchema(schema);
            compiled = Stopwatch.GetElapsedTime(began).TotalMicroseconds;
            foreach (JsonElement test in tests.EnumerateArray())
            {
                int length = 0;
                accepted.Add((JsonNode)Accepts(grammar, Compact(test.GetProperty("data")), masks, ref length));
            }
        }
        catch (GrammarException refused)
        {
            return new JsonObject
            {
                ["compiled"] = false,
                ["refused"] = refused.Message,
                ["accepted"] = new JsonArray(),
                ["compile_us"] = Math.Round(Stopwatch.GetElapsedTime(began).TotalMicroseconds, 1),
                ["mask_us"] = Times([]),
            };
        }

        return new JsonObject
        {
            ["compiled"] = true,
            ["refused"] = null,
            ["accepted"] = accepted,
            ["compile_us"] = Math.Round(compiled, 1),
            ["mask_us"] = Times(masks),
        };
    }

    private static byte[] Compact(JsonElement data)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream, Plain))
            data.WriteTo(writer);
        return stream.ToArray();
    }

    private static JsonArray Times(List<double> masks)
    {
        masks.Sort();
        double At(double part) => masks.Count == 0 ? 0 : Math.Round(masks[Math.Min(masks.Count - 1, (int)(part * masks.Count))], 1);
        return [(JsonNode)At(0.5), (JsonNode)At(0.99), (JsonNode)At(1)];
    }

    private bool Accepts(Grammar grammar, byte[] bytes, List<double>? masks, ref int read)
    {
        GrammarMatcher matcher = new(grammar, _vocabulary);
        _tokens.Clear();
        _tokenizer.EncodeBytes(bytes, _tokens);
        foreach (int token in _tokens)
        {
            long began = Stopwatch.GetTimestamp();
            matcher.FillMask(_mask);
            masks?.Add(Stopwatch.GetElapsedTime(began).TotalMicroseconds);
            if ((_mask[token >> 5] >> token & 1) == 0 || !matcher.TryAdvance(token))
                return false;
            read += _tokenizer.GetBytes(token).Length;
        }

        return matcher.IsAccepting;
    }

    /// <summary>
    /// Runs what every schema needs a few times: the first line is to tell what a mask costs, not what compiling the program does.
    /// </summary>
    private void WarmUp()
    {
        using JsonDocument schema = JsonDocument.Parse(
            """
            {"properties": {"a": {"type": "string", "maxLength": 9}, "b": {"type": "array", "items": {"type": "integer", "minimum": 0}},
             "c": {"enum": ["x", 1, null]}, "d": {"type": "string", "pattern": "^[a-z]+$"}}, "required": ["a"]}
            """);
        byte[] text = Encoding.UTF8.GetBytes("""{"a":"b c","e":[1.5,true,{"f":"g"}],"b":[1,20],"c":"x","d":"abc"}""");
        for (int round = 0; round < 40; round++)
        {
            int length = 0;
            Accepts(Grammar.FromJsonSchema(schema.RootElement), text, null, ref length);
        }
    }
}
