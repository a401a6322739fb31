// Schemas with instances, on one core:
// dotnet run -c Release --project bench/QwenSharp.Grammars.Bench -- TOKENIZER.JSON FILE.jsonl|FOLDER… [--verbose]
// A file has lines {"schema": …, "tests": [{"data": …, "valid": …}]} (MaskBench's form); a folder, files of the official test suite.
// Each instance is fed as the tokens of its compact JSON; before each token, and at the end, the mask is computed.
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using QwenSharp.Grammars;
using QwenSharp.Tokenizers;

if (args.Length < 2)
{
    Console.Error.WriteLine("usage: QwenSharp.Grammars.Bench TOKENIZER.JSON FILE.jsonl|FOLDER… [--verbose]");
    return 2;
}

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
bool isVerbose = args.Contains("--verbose");
BpeTokenizer tokenizer = BpeTokenizer.FromTokenizerJson(args[0]);
long began = Stopwatch.GetTimestamp();
TokenVocabulary vocabulary = TokenVocabulary.Of(tokenizer);
Console.WriteLine($"vocabulary of {vocabulary.Size} tokens, made in {Stopwatch.GetElapsedTime(began).TotalMilliseconds:F0} ms");
Console.WriteLine(
    $"{"",-22}{"schemas",8}{"passed",8}{"refused",8}{"failed",8}{"invalid accepted",18}{"valid refused",15}"
        + "   compile ms (median, p99)   mask µs (median, mean, p99, max)");
foreach (string source in args.Skip(1).Where(arg => arg != "--verbose"))
{
    Table table = new(vocabulary, tokenizer, isVerbose);
    using (JsonDocument warm = JsonDocument.Parse(Table.Warm))
    {
        // The figures are those of a program that has run for a while.
        for (int round = 0; round < 200; round++)
            new Table(vocabulary, tokenizer, false).Add("", warm.RootElement);
    }

    if (Directory.Exists(source))
    {
        foreach (string file in Directory.GetFiles(source, "*.json").Order())
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file));
            foreach (JsonElement group in document.RootElement.EnumerateArray())
                table.Add($"{Path.GetFileName(file)}: {group.GetProperty("description")}", group);
        }
    }
    else
    {
        foreach (string line in File.ReadLines(source))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            table.Add(document.RootElement.TryGetProperty("name", out JsonElement name) ? name.ToString() : "", document.RootElement);
        }
    }

    table.Print(Path.GetFileName(source.TrimEnd('/')));
}

return 0;

/// <summary>The processor time of this thread: other programs on the machine make no difference.</summary>
internal static partial class ThreadClock
{
    private const int ThreadTime = 3;

    public static double Microseconds =>
        OperatingSystem.IsLinux() && clock_gettime(ThreadTime, out Time time) == 0
            ? (time.Seconds * 1e6) + (time.Nanoseconds / 1e3)
            : Stopwatch.GetTimestamp() * 1e6 / Stopwatch.Frequency;

    [DllImport("libc")]
    private static extern int clock_gettime(int clock, out Time time);

    private readonly struct Time
    {
        public readonly nint Seconds;
        public readonly nint Nanoseconds;
    }
}

internal sealed class Table(TokenVocabulary vocabulary, BpeTokenizer tokenizer, bool isVerbose)
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public const string Warm = """
        {"schema": {"properties": {"a": {"type": "string", "maxLength": 9}, "b": {"type": "array", "items": {"type": "integer", "minimum": 0}},
        "c": {"enum": ["x", 1, null]}, "d": {"type": "string", "pattern": "^[a-z]+$"}}, "required": ["a"]},
        "tests": [{"data": {"a": "b c", "e": [1.5, true, {"f": "g"}], "b": [1, 20], "c": "x", "d": "abc"}, "valid": true}]}
        """;

    private readonly List<double> _compile = [];
    private readonly List<double> _masks = [];
    private readonly Dictionary<string, int> _keywords = [];
    private readonly uint[] _mask = new uint[vocabulary.MaskLength];
    private readonly List<int> _tokens = [];
    private int _schemas;
    private int _passed;
    private int _refused;
    private int _invalidAccepted;
    private int _validRefused;

    public void Add(string name, JsonElement entry)
    {
        _schemas++;
        Grammar grammar;
        double began = ThreadClock.Microseconds;
        try
        {
            grammar = Grammar.FromJsonSchema(entry.GetProperty("schema"));
            _compile.Add((ThreadClock.Microseconds - began) / 1e3);
        }
        catch (GrammarException refused)
        {
            _refused++;
            _keywords[refused.Keyword] = _keywords.GetValueOrDefault(refused.Keyword) + 1;
            if (isVerbose)
                Console.WriteLine($"refused   {name}: {refused.Message}");
            return;
        }

        bool isPassed = true;
        foreach (JsonElement test in entry.GetProperty("tests").EnumerateArray())
        {
            bool isValid = test.GetProperty("valid").GetBoolean();
            string text = Compact(test.GetProperty("data"));
            bool isAccepted;
            try
            {
                isAccepted = Accepts(grammar, text);
            }
            catch (GrammarException refused)
            {
                Console.WriteLine($"raised    {name}: {refused.Message}");
                isAccepted = false;
            }

            if (isAccepted == isValid)
                continue;
            isPassed = false;
            if (isValid)
                _validRefused++;
            else
                _invalidAccepted++;
            if (isVerbose)
            {
                string what = isValid ? "too narrow" : "INVALID ACCEPTED";
                Console.WriteLine($"{what} {name}: {text[..Math.Min(300, text.Length)]} | {Note(test)}");
            }
        }

        if (isPassed)
            _passed++;
    }

    public void Print(string name)
    {
        Console.WriteLine(
            $"{name,-22}{_schemas,8}{_passed,8}{_refused,8}{_schemas - _passed - _refused,8}{_invalidAccepted,18}{_validRefused,15}"
                + $"   {At(_compile, 0.5),6:F2} {At(_compile, 0.99),8:F2}"
                + $"   {At(_masks, 0.5),22:F1} {_masks.DefaultIfEmpty(0).Average(),8:F1} {At(_masks, 0.99),8:F1} {At(_masks, 1),8:F1}");
        IEnumerable<string> keywords = _keywords.OrderByDescending(k => k.Value).Select(k => $"{k.Key} {k.Value}");
        Console.WriteLine("  refused for " + string.Join(", ", keywords));
    }

    private static string Note(JsonElement test) => test.TryGetProperty("description", out JsonElement note) ? note.ToString() : "";

    private static double At(List<double> values, double part)
    {
        values.Sort();
        return values.Count == 0 ? 0 : values[(int)Math.Min(values.Count - 1, part * values.Count)];
    }

    private static string Compact(JsonElement data)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream, Plain))
            data.WriteTo(writer);
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private bool Accepts(Grammar grammar, string text)
    {
        GrammarMatcher matcher = new(grammar, vocabulary);
        _tokens.Clear();
        tokenizer.EncodeBytes(Encoding.UTF8.GetBytes(text), _tokens);
        foreach (int token in _tokens)
        {
            double began = ThreadClock.Microseconds;
            matcher.FillMask(_mask);
            double time = ThreadClock.Microseconds - began;
            _masks.Add(time);
            if (isVerbose && time > 300)
            {
                string before = JsonSerializer.Serialize(tokenizer.Decode([token]));
                Console.WriteLine($"slow      {time:F0} µs before {before} in {text[..Math.Min(80, text.Length)]}");
            }

            bool isAllowed = (_mask[token >> 5] >> token & 1) != 0;
            if (matcher.TryAdvance(token) != isAllowed)
                Console.WriteLine($"MASK AND MATCHER DISAGREE on {token} in {text}");
            if (!isAllowed)
                return false;
        }

        return matcher.IsAccepting;
    }
}
