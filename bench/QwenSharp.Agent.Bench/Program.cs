// The agent's search beside ripgrep (rg must be installed): dotnet run -c Release --project bench/QwenSharp.Agent.Bench -- [MEBIBYTES]
// Makes a tree of source-like files, a fifth of them ignored, and prints the best of three runs of both for some patterns, the cache warm.
using System.Diagnostics;
using System.Text.Json;
using QwenSharp.Agent.Tools;
using QwenSharp.Agent.Tools.Searching;
using QwenSharp.Agent.Workspaces;

int mebibytes = args is [var size] ? int.Parse(size) : 256;
string root = Directory.CreateTempSubdirectory("qwensharp-search-").FullName;
try
{
    (int files, long bytes) = MakeTree(root, (long)mebibytes << 20);
    Console.WriteLine($"{files} files, {bytes >> 20} MiB, {Environment.ProcessorCount} processors");
    await using ToolContext context = new(new Workspace(root), Path.Combine(root, ".session"));
    string[] patterns = ["needle_in_hay", "Needle_In_Hay", "needle_.*hay$", "class (alpha|beta)[0-9]7", "zeta\\s+omega", "return"];
    foreach (string pattern in patterns)
    {
        JsonElement call = JsonElement.Parse($$"""{"pattern": "{{JsonEncodedText.Encode(pattern)}}", "limit": 10}""");
        double own = await BestAsync(() => new GrepSearchTool().RunAsync(new ToolArguments(call), context, CancellationToken.None));
        string[] arguments = ["--hidden", "--no-heading", "-n", pattern.Any(char.IsUpper) ? "-s" : "-i", "-m", "200", "-e", pattern, root];
        double other = await BestAsync(() => RunAsync("rg", arguments));
        Console.WriteLine($"{pattern,-28} {own,8:F0} ms  rg {other,8:F0} ms  {own / other,5:F2} x");
    }
}
finally
{
    Directory.Delete(root, recursive: true);
}

static async Task<double> BestAsync(Func<Task> work)
{
    double best = double.MaxValue;
    for (int i = 0; i < 3; i++)
    {
        long started = Stopwatch.GetTimestamp();
        await work();
        best = Math.Min(best, Stopwatch.GetElapsedTime(started).TotalMilliseconds);
    }

    return best;
}

static async Task RunAsync(string program, string[] arguments)
{
    ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardInput = true };
    using Process process = Process.Start(start)!;
    process.StandardInput.Close();
    await process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
    await process.WaitForExitAsync();
}

static (int Files, long Bytes) MakeTree(string root, long wanted)
{
    string[] words = "alpha beta gamma delta zeta omega return class public int string value index null".Split(' ');
    Random random = new(17);
    Directory.CreateDirectory(Path.Combine(root, ".git"));
    File.WriteAllText(Path.Combine(root, ".gitignore"), "out/\n*.tmp\n");
    int files = 0;
    long bytes = 0;
    for (; bytes < wanted; files++)
    {
        string directory = Path.Combine(root, $"d{files % 37}", files % 5 == 0 ? "out" : $"e{files % 11}");
        Directory.CreateDirectory(directory);
        using StreamWriter file = new(Path.Combine(directory, $"f{files}.cs"));
        for (int line = random.Next(20, 3000); line > 0; line--)
        {
            IEnumerable<int> places = Enumerable.Range(0, random.Next(3, 14));
            string text = string.Join(' ', places.Select(_ => words[random.Next(words.Length)] + random.Next(100)));
            file.WriteLine(random.Next(200_000) == 0 ? $"    {text} needle_in_hay" : $"    {text};");
        }

        bytes += file.BaseStream.Position;
    }

    return (files, bytes);
}
