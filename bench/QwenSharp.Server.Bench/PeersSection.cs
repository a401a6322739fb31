using System.Diagnostics;

namespace QwenSharp.Server.Bench;

/// <summary>Clients that ask again as soon as they are answered, of both servers in turn.</summary>
internal static class PeersSection
{
    private const int Shared = 64;

    private sealed record Measured(double TokensPerSecond, double First, double LateFirst, double Gap, double LateGap, int Answers);

    public static async Task RunAsync(Arguments arguments)
    {
        int prompt = arguments.Prompt ?? 192, answer = arguments.Answer ?? 64, seconds = arguments.Seconds ?? 30;
        Console.WriteLine(
            $"{Path.GetFileName(arguments.Model)}: {Shared} words of instructions in common and {prompt} of one's own, {answer} tokens of "
                + $"answer, {seconds} s a round, {Environment.ProcessorCount} threads");
        Console.WriteLine(
            $"{"clients",-8}{"server",-14}{"tokens/s",9}{"first, median",15}{"p95",8}{"gap, median",13}{"p99",9}{"answers",9}");
        foreach (int clients in arguments.Clients is [] ? [1, 8, 32] : arguments.Clients)
        {
            List<Measured> ours = [], theirs = [];
            for (int round = 0; round < arguments.Rounds; round++)
            {
                await using (ServerProcess server = await ServerProcess.StartOurs(arguments, clients).ConfigureAwait(false))
                    ours.Add(await MeasureAsync(server, clients, prompt, answer, seconds).ConfigureAwait(false));

                Print(clients, "qwensharp", ours[^1]);
                if (arguments.LlamaServer is null)
                    continue;

                // Two tokens a word at most, and what the template writes.
                int context = (2 * (Shared + prompt)) + answer + 64;
                await using (ServerProcess server = await ServerProcess.StartTheirs(arguments, clients, context).ConfigureAwait(false))
                    theirs.Add(await MeasureAsync(server, clients, prompt, answer, seconds).ConfigureAwait(false));

                Print(clients, "llama-server", theirs[^1]);
            }

            if (theirs.Count > 0)
            {
                Console.WriteLine(
                    $"{clients,-8}{"ours / theirs",-14}{Ratio(ours, theirs, m => m.TokensPerSecond),9:F2}"
                        + $"{Ratio(ours, theirs, m => m.First),15:F2}{Ratio(ours, theirs, m => m.LateFirst),8:F2}"
                        + $"{Ratio(ours, theirs, m => m.Gap),13:F2}{Ratio(ours, theirs, m => m.LateGap),9:F2}");
            }
        }
    }

    private static async Task<Measured> MeasureAsync(ServerProcess server, int clients, int prompt, int answer, int seconds)
    {
        using ChatClient chat = new(server.Address);

        // Code that was never run is slow the first time.
        await Task.WhenAll(Enumerable.Range(0, clients).Select(client =>
            chat.AskAsync(Prompts.Question(Shared, prompt, -1 - client), 8))).ConfigureAwait(false);

        Figures figures = new();
        Stopwatch watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, clients).Select(async client =>
        {
            for (int asked = 0; watch.Elapsed.TotalSeconds < seconds; asked++)
                figures.Add(await chat.AskAsync(Prompts.Question(Shared, prompt, (1000 * client) + asked), answer).ConfigureAwait(false));
        })).ConfigureAwait(false);

        return new Measured(
            figures.Tokens / watch.Elapsed.TotalSeconds,
            figures.First(0.5),
            figures.First(0.95),
            figures.Gap(0.5),
            figures.Gap(0.99),
            figures.Answers);
    }

    private static void Print(int clients, string name, Measured it) => Console.WriteLine(
        $"{clients,-8}{name,-14}{it.TokensPerSecond,9:F1}{it.First,13:F2} s{it.LateFirst,6:F2} s{it.Gap * 1000,10:F0} ms"
            + $"{it.LateGap * 1000,6:F0} ms{it.Answers,9}");

    /// <summary>The median of the rounds' ratios.</summary>
    private static double Ratio(List<Measured> ours, List<Measured> theirs, Func<Measured, double> figure) =>
        Figures.Median(ours.Zip(theirs, (our, their) => figure(our) / figure(their)));
}
