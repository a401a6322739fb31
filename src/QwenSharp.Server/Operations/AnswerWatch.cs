using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using QwenSharp.Protocols.Events;
using QwenSharp.Server.Http;

namespace QwenSharp.Server.Operations;

/// <summary>
/// Looks on as answers come: the header that says what the prefix cache had, the times of the first token and between tokens, and the
/// tokens that it took.
/// </summary>
internal static class AnswerWatch
{
    /// <summary>The header with a <see cref="CacheReport"/>.</summary>
    public const string CacheHeader = "x-qwensharp-cache";

    /// <summary>The updates as they are. The header is set when the first answer begins, as long as the reply has not.</summary>
    /// <param name="http">The request.</param>
    /// <param name="model">The name of the model that answers.</param>
    /// <param name="updates">The updates of all its choices.</param>
    /// <param name="choicesPerPrompt">How many choices in a row share a prompt, whose tokens count once.</param>
    /// <param name="cancellationToken">Ends the updates.</param>
    public static async IAsyncEnumerable<ChoiceUpdate> Observe(
        HttpContext http,
        string model,
        IAsyncEnumerable<ChoiceUpdate> updates,
        int choicesPerPrompt = 1,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        RequestRecord record = RequestRecord.Of(http);
        record.Model = model;
        ServerMetrics metrics = http.RequestServices.GetRequiredService<ServerMetrics>();
        List<long> last = [];
        await foreach (ChoiceUpdate update in updates.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (update.Choice == 0 && CacheReport.Of(update) is { } report)
            {
                record.Cache = report;
                if (!http.Response.HasStarted)
                    http.Response.Headers[CacheHeader] = report;
            }

            if (update.IsPiece)
                Time(record, metrics, last, update.Choice);

            if (update.Update.FinishReason is { } reason)
                End(record, metrics, update, reason, isFirstOfPrompt: update.Choice % choicesPerPrompt == 0);

            yield return update;
        }
    }

    // A choice has its own clock: those of one request come side by side.
    private static void Time(RequestRecord record, ServerMetrics metrics, List<long> last, int choice)
    {
        long now = Stopwatch.GetTimestamp();
        if (record.FirstToken is null)
        {
            record.FirstToken = Stopwatch.GetElapsedTime(record.Start, now);
            metrics.FirstToken(record.Model!, record.FirstToken.Value);
        }

        while (last.Count <= choice)
            last.Add(0);

        if (last[choice] != 0)
            metrics.NextToken(record.Model!, Stopwatch.GetElapsedTime(last[choice], now));

        last[choice] = now;
    }

    private static void End(
        RequestRecord record, ServerMetrics metrics, ChoiceUpdate update, ChatFinishReason reason, bool isFirstOfPrompt)
    {
        UsageDetails? usage = update.Update.Contents.OfType<UsageContent>().FirstOrDefault()?.Details;
        long prompt = isFirstOfPrompt ? usage?.InputTokenCount ?? 0 : 0, cached = isFirstOfPrompt ? usage?.CachedInputTokenCount ?? 0 : 0;
        long answer = usage?.OutputTokenCount ?? 0;
        record.PromptTokens = (record.PromptTokens ?? 0) + prompt;
        record.CachedTokens += cached;
        record.AnswerTokens += answer;
        metrics.Answered(record.Model!, reason.Value, prompt, cached, answer, usage?.ReasoningTokenCount ?? 0);
    }
}
