// Throughput of the tokenizer on one core: dotnet run -c Release --project bench/QwenSharp.Tokenizers.Bench -- path/to/tokenizer.json
// Prints the load time of a cold process, then MB/s (UTF-8 bytes of input, best of five runs) for usual and for hostile texts.
using System.Diagnostics;
using System.Text;
using QwenSharp.Tokenizers;

if (args is not [string path])
{
    Console.Error.WriteLine("usage: QwenSharp.Tokenizers.Bench TOKENIZER.JSON");
    return 2;
}

long started = Stopwatch.GetTimestamp();
BpeTokenizer tokenizer = BpeTokenizer.FromTokenizerJson(path);
Console.WriteLine($"load, cold        {Stopwatch.GetElapsedTime(started).TotalMilliseconds,8:F0} ms");
started = Stopwatch.GetTimestamp();
BpeTokenizer.FromTokenizerJson(path);
Console.WriteLine($"load, again       {Stopwatch.GetElapsedTime(started).TotalMilliseconds,8:F0} ms");

const string English = """
    The committee met on Tuesday to discuss the proposal, which hadn't changed much since last year's draft. "We'll need another
    round of comments," said the chair; nobody objected, though several members looked unconvinced by the 37-page appendix.

    """;
const string Code = """
    public static int Sum(ReadOnlySpan<int> values)
    {
        int total = 0;
        for (int i = 0; i < values.Length; i++) // plain loop
            total += values[i] * 0x1F;
        return total;
    }
    if (response.status_code != 200): raise HTTPError(f"{url}: {response.reason!r}")

    """;
const string Chinese = "人工智能正在改变我们的生活方式。从智能手机到自动驾驶汽车，机器学习算法无处不在；它们帮助医生诊断疾病，也让翻译变得更容易。今天的会议讨论了三个问题：数据、算力和人才。\n";
const string Emoji = "Great job 🎉🎉 see you at 5pm 😀👍🏽 — 👩‍👩‍👧‍👦 family trip ✈️🏖️ in 2024! ❤️‍🔥\n";
const string Russian =
    "Сегодня утром мы долго говорили о новой книге, которую он написал прошлой зимой; кажется, издатель остался доволен.\n";

(string Name, string Text)[] cases =
[
    ("mixed", Fill(English + Code + Chinese + Emoji + Russian)),
    ("English", Fill(English)),
    ("code", Fill(Code)),
    ("Chinese", Fill(Chinese)),
    ("emoji", Fill(Emoji)),
    ("Russian", Fill(Russian)),
    ("decomposed", Fill("Tiếng Việt có dấu thanh ".Normalize(NormalizationForm.FormD))),
    ("HTML", Fill("<li class=\"item\"><a href='/x'>y</a></li>\n")),
    ("one letter", Fill("a")),
    ("spaces", Fill(" ")),
    ("ab", Fill("ab")),
    ("digits", Fill("7")),
    ("newlines", Fill("\n")),
    ("spaced newlines", Fill(" \n \t")),
    ("CJK, no break", Fill("人工智能正在改变我们的生活方式从智能手机到自动驾驶汽车")),
    ("marks", Fill("\u0323\u0301\u0316")),
    ("<|<|<|", Fill("<|")),
    ("symbols", Fill("=-")),
];

List<int> ids = new(1 << 21);
foreach ((string name, string text) in cases)
{
    double best = double.MaxValue;
    long allocated = 0;
    for (int run = 0; run < 5; run++)
    {
        ids.Clear();
        long before = GC.GetAllocatedBytesForCurrentThread();
        started = Stopwatch.GetTimestamp();
        tokenizer.Encode(text, ids);
        best = Math.Min(best, Stopwatch.GetElapsedTime(started).TotalSeconds);
        allocated = GC.GetAllocatedBytesForCurrentThread() - before;
    }

    int bytes = Encoding.UTF8.GetByteCount(text);
    Console.WriteLine(
        $"{name,-16} {bytes / best / 1e6,8:F1} MB/s  {(double)bytes / ids.Count,6:F2} bytes/token  {allocated} bytes allocated");
}

return 0;

static string Fill(string unit)
{
    StringBuilder text = new();
    int bytes = Encoding.UTF8.GetByteCount(unit);
    for (int filled = 0; filled < 1_000_000; filled += bytes)
        text.Append(unit);
    return text.ToString();
}
