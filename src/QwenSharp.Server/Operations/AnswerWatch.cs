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
internal sealed class AnswerWatch
{
    /// <summary>The header with a <see cref="CacheReport"/>.</summary>
    public const string CacheHeader = "x-qwensharp-cache";

    private readonly HttpContext _http;
    private readonly RequestRecord _record;
    private readonly ServerMetrics _metrics;
    private readonly int _choicesPerPrompt;

    // A choice has its own clock: those of one request come side by side.
    private readonly List<long> _last = [];

    /// <summary>Begins to look.</summary>
    /// <param name="http">The request.</param>
    /// <param name="model">The name of the model that answers.</param>
    /// <param name="choicesPerPrompt">How many choices in a row share a prompt, whose tokens count once.</param>
    public AnswerWatch(HttpContext http, string model, int choicesPerPrompt = 1)
    {
        (_http, _choicesPerPrompt) = (http, choicesPerPrompt);
        _record = RequestRecord.Of(http);
        _record.Model = model;
        _metrics = http.RequestServices.GetRequiredService<ServerMetrics>();
    }

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
        AnswerWatch watch = new(http, model, choicesPerPrompt);
        await foreach (ChoiceUpdate update in updates.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            watch.See(update);
            yield return update;
        }
    }

    /// <summary>Looks at the next update.</summary>
    public void See(ChoiceUpdate update)
    {
        if (update.Choice == 0 && CacheReport.Of(update) is { } report)
        {
            _record.Cache = report;
            if (!_http.Response.HasStarted)
                _http.Response.Headers[CacheHeader] = report;
        }

        if (update.IsPiece)
            Time(update.Choice);

        if (update.Update.FinishReason is { } reason)
            End(update, reason);
    }

    private void Time(int choice)
    {
        long now = Stopwatch.GetTimestamp();
        if (_record.FirstToken is null)
        {
            _record.FirstToken = Stopwatch.GetElapsedTime(_record.Start, now);
            _metrics.FirstToken(_record.Model!, _record.FirstToken.Value);
        }

        while (_last.Count <= choice)
            _last.Add(0);

        if (_last[choice] != 0)
            _metrics.NextToken(_record.Model!, Stopwatch.GetElapsedTime(_last[choice], now));

        _last[choice] = now;
    }

    private void End(ChoiceUpdate update, ChatFinishReason reason)
    {
        bool isFirstOfPrompt = update.Choice % _choicesPerPrompt == 0;
        UsageDetails? usage = update.Update.Contents.OfType<UsageContent>().FirstOrDefault()?.Details;
        long prompt = isFirstOfPrompt ? usage?.InputTokenCount ?? 0 : 0, cached = isFirstOfPrompt ? usage?.CachedInputTokenCount ?? 0 : 0;
        long answer = usage?.OutputTokenCount ?? 0;
        _record.PromptTokens = (_record.PromptTokens ?? 0) + prompt;
        _record.CachedTokens += cached;
        _record.AnswerTokens += answer;
        _metrics.Answered(_record.Model!, reason.Value, prompt, cached, answer, usage?.ReasoningTokenCount ?? 0);
    }
}
