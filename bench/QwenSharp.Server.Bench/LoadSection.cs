using System.Diagnostics;
using System.Net;

namespace QwenSharp.Server.Bench;

/// <summary>
/// Clients that stream, hang up and send what is wrong for some minutes, without and with long prompts beside them: whether anything is
/// lost, whether answers are those that the prompts get alone, how memory goes, and how late tokens come.
/// </summary>
internal static class LoadSection
{
    private const int Prompts = 48;

    private static readonly (string Body, HttpStatusCode Status)[] Wrong =
    [
        ("{", HttpStatusCode.BadRequest),
        ("""{"messages": [], "n": -1}""", HttpStatusCode.BadRequest),
        ("""{"messages": [{"role": "user", "content": "\ud800"}]}""", HttpStatusCode.BadRequest),
        (new string('[', 100_000), HttpStatusCode.BadRequest),
        ($$"""{"messages": [{"role": "user", "content": "{{new string('x', 8 << 20)}}"}]}""", HttpStatusCode.BadRequest),
        (new string(' ', 33 << 20), HttpStatusCode.RequestEntityTooLarge),
    ];

    public static async Task<bool> RunAsync(Arguments arguments)
    {
        int clients = arguments.Clients is [var one, ..] ? one : 64;
        int answer = arguments.Answer ?? 96, seconds = arguments.Seconds ?? 180, longPrompt = arguments.Prompt ?? 8000;
        await using ServerProcess server = await ServerProcess.StartOurs(arguments, 32).ConfigureAwait(false);
        using ChatClient chat = new(server.Address);
        Console.WriteLine(
            $"{clients} clients for {seconds} s, {answer} tokens an answer, in the second half beside prompts of {longPrompt} words");

        string[] alone = new string[Prompts];
        for (int i = 0; i < Prompts; i++)
            alone[i] = (await chat.AskAsync(Question(i), answer).ConfigureAwait(false)).Text;

        Run quiet = await Phase(longPrompts: false).ConfigureAwait(false);
        Run beside = await Phase(longPrompts: true).ConfigureAwait(false);
        Console.WriteLine(
            $"p99 between tokens beside long prompts / quiet median: {beside.Figures.Gap(0.99) / quiet.Figures.Gap(0.5):F2} "
                + $"(the quiet p99 is {quiet.Figures.Gap(0.99) / quiet.Figures.Gap(0.5):F2} of it)");
        return quiet.Faults + beside.Faults == 0;

        async Task<Run> Phase(bool longPrompts)
        {
            Run run = new();
            Stopwatch watch = Stopwatch.StartNew();
            List<Task> all = [.. Enumerable.Range(0, clients).Select(client => ClientAsync(run, client, watch))];
            all.Add(WrongAsync(run, watch));
            Task<int> longs = longPrompts ? LongAsync(run, watch) : Task.FromResult(0);
            long early = 0;
            _ = Task.Delay(TimeSpan.FromSeconds(seconds / 8.0)).ContinueWith(_ => early = server.Memory, TaskScheduler.Default);
            await Task.WhenAll(all).ConfigureAwait(false);
            int longAnswers = await longs.ConfigureAwait(false);
            Figures figures = run.Figures;
            Console.WriteLine(
                $"{(longPrompts ? "beside long prompts" : "quiet"),-20} {figures.Answers} answers "
                    + $"({figures.Tokens / watch.Elapsed.TotalSeconds:F0} tokens/s), {run.HungUp} hung up, {run.Refused} refused as "
                    + $"they should, {longAnswers} long prompts; {run.Different} other than alone, {run.Lost} lost, "
                    + $"{run.Misjudged} wrong requests answered otherwise; first token {figures.First(0.5):F2} s median; between tokens "
                    + $"{figures.Gap(0.5) * 1000:F0} ms median, {figures.Gap(0.99) * 1000:F0} ms p99; memory {early >> 20} MiB, then "
                    + $"{server.Memory >> 20} MiB");
            return run;
        }

        async Task ClientAsync(Run run, int client, Stopwatch watch)
        {
            Random random = new(client);
            while (watch.Elapsed.TotalSeconds < seconds / 2.0)
            {
                int which = random.Next(Prompts);
                bool leaves = random.Next(8) == 0;
                try
                {
                    Answer said = await chat.AskAsync(Question(which), answer, leaves ? random.Next(1, answer / 2) : int.MaxValue)
                        .ConfigureAwait(false);
                    if (leaves)
                    {
                        Interlocked.Increment(ref run.HungUp);
                        continue;
                    }

                    run.Figures.Add(said);
                    if (said.Finish is null)
                        Interlocked.Increment(ref run.Lost);
                    else if (said.Text != alone[which])
                        Interlocked.Increment(ref run.Different);
                }
                catch (Exception fault) when (fault is HttpRequestException or IOException)
                {
                    Interlocked.Increment(ref run.Lost);
                    Console.Error.WriteLine(fault.Message);
                }
            }
        }

        async Task WrongAsync(Run run, Stopwatch watch)
        {
            for (int i = 0; watch.Elapsed.TotalSeconds < seconds / 2.0; i++)
            {
                (string body, HttpStatusCode status) = Wrong[i % Wrong.Length];
                HttpStatusCode got;
                try
                {
                    got = await chat.SendAsync(body).ConfigureAwait(false);
                }
                catch (HttpRequestException) when (status == HttpStatusCode.RequestEntityTooLarge)
                {
                    // A server may refuse before it has read all, and close.
                    got = status;
                }

                if (got == status)
                    run.Refused++;
                else
                    run.Misjudged++;
                await Task.Delay(500).ConfigureAwait(false);
            }
        }

        async Task<int> LongAsync(Run run, Stopwatch watch)
        {
            int answers = 0;
            for (; watch.Elapsed.TotalSeconds < seconds / 2.0; answers++)
            {
                Answer said = await chat.AskAsync([Bench.Prompts.Message("user", Bench.Prompts.Text(longPrompt, seed: 5000 + answers))], 4)
                    .ConfigureAwait(false);
                if (said.Finish is null)
                    run.Lost++;
            }

            return answers;
        }
    }

    private static System.Text.Json.Nodes.JsonArray Question(int which) => Bench.Prompts.Question(16, 24, which);

    private sealed class Run
    {
        public int HungUp, Lost, Different, Refused, Misjudged;

        public Figures Figures { get; } = new();

        public int Faults => Lost + Different + Misjudged;
    }
}
