using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;

namespace QwenSharp.Server.Operations;

/// <summary>
/// What a server measures, as instruments of the meter <see cref="MeterName"/>: whoever listens to meters reads them, and
/// <see cref="PrometheusText"/> does. docs/serving.md lists them.
/// </summary>
internal sealed class ServerMetrics : IDisposable
{
    /// <summary>The name of the meter.</summary>
    public const string MeterName = "QwenSharp.Server";

    private static readonly InstrumentAdvice<double> Long = new()
    {
        HistogramBucketBoundaries = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320],
    };

    private static readonly InstrumentAdvice<double> Short = new()
    {
        HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.04, 0.06, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10],
    };

    private readonly Histogram<double> _firstToken;
    private readonly Histogram<double> _betweenTokens;
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _requests;
    private readonly Counter<long> _answers;
    private readonly Counter<long> _promptTokens;
    private readonly Counter<long> _cachedTokens;
    private readonly Counter<long> _answerTokens;
    private readonly Counter<long> _reasoningTokens;

    /// <param name="activities">What the loaded models do at the moment of a look, by name.</param>
    /// <param name="running">How many requests are being answered.</param>
    public ServerMetrics(Func<IReadOnlyList<(string Model, ModelActivity Activity)>> activities, Func<int> running)
    {
        Meter = new Meter(MeterName);
        _firstToken = Histogram("time_to_first_token", "From a request's coming to the first piece of its answer.", Long);
        _betweenTokens = Histogram("time_between_tokens", "From one piece of an answer to the next.", Short);
        _duration = Histogram("request.duration", "From a request's coming to the end of its reply.", Long);
        _requests = Count("requests", "Requests answered, by the route that took them and the status of the reply.");
        _answers = Count("answers", "Answers that models ended, by the reason.");
        _promptTokens = Count("prompt_tokens", "Tokens of prompts.");
        _cachedTokens = Count("cached_prompt_tokens", "Those of them that the prefix cache had.");
        _answerTokens = Count("answer_tokens", "Tokens of answers, reasoning included.");
        _reasoningTokens = Count("reasoning_tokens", "Those of them that were reasoning.");

        Meter.CreateObservableGauge("qwensharp.requests.running", running, description: "Requests that are being answered.");
        Gauge("sequences.running", "Answers that are being computed.", now => now.Running);
        Gauge("sequences.waiting", "Answers that wait for their turn.", now => now.Waiting);
        Gauge("sequences.limit", "Answers that may be computed at a time.", now => now.Sequences);
        Meter.CreateObservableGauge("qwensharp.kv_blocks", Blocks, description: "Blocks of the KV cache: free, kept for later, held.");
        Sum("engine.reused_tokens", "Tokens of prompts that were not computed, as the prefix cache had them.", now => now.ReusedTokens);
        Sum("engine.prefill_tokens", "Tokens of prompts that were computed.", now => now.PrefillTokens);
        Sum("engine.generated_tokens", "Tokens that the engine delivered, to whoever hung up too.", now => now.GeneratedTokens);
        Sum("engine.preemptions", "How often a sequence gave its blocks to an older one.", now => now.Preemptions);

        void Gauge(string name, string says, Func<ModelActivity, int> value) => Meter.CreateObservableGauge(
            "qwensharp." + name,
            () => activities().Select(now => new Measurement<int>(value(now.Activity), Of(now.Model))),
            description: says);

        void Sum(string name, string says, Func<ModelActivity, long> value) => Meter.CreateObservableCounter(
            "qwensharp." + name,
            () => activities().Select(now => new Measurement<long>(value(now.Activity), Of(now.Model))),
            description: says);

        IEnumerable<Measurement<int>> Blocks()
        {
            foreach ((string model, ModelActivity now) in activities())
            {
                yield return new Measurement<int>(now.FreeKvBlocks - now.KeptKvBlocks, Of(model), new("state", "free"));
                yield return new Measurement<int>(now.KeptKvBlocks, Of(model), new("state", "kept"));
                yield return new Measurement<int>(now.KvBlocks - now.FreeKvBlocks, Of(model), new("state", "held"));
            }
        }
    }

    /// <summary>The meter of this server, and of no other.</summary>
    public Meter Meter { get; }

    /// <summary>The first piece of an answer came.</summary>
    public void FirstToken(string model, TimeSpan after) => _firstToken.Record(after.TotalSeconds, Of(model));

    /// <summary>A further piece came.</summary>
    public void NextToken(string model, TimeSpan after) => _betweenTokens.Record(after.TotalSeconds, Of(model));

    /// <summary>An answer ended.</summary>
    public void Answered(string model, string reason, long prompt, long cached, long answer, long reasoning)
    {
        _answers.Add(1, Of(model), new("reason", reason));
        _promptTokens.Add(prompt, Of(model));
        _cachedTokens.Add(cached, Of(model));
        _answerTokens.Add(answer, Of(model));
        _reasoningTokens.Add(reasoning, Of(model));
    }

    /// <summary>A request ended.</summary>
    /// <param name="endpoint">The route that took it, which is one of a few.</param>
    /// <param name="status">The reply's status.</param>
    /// <param name="record">What is known of it.</param>
    public void Served(string endpoint, int status, RequestRecord record)
    {
        _requests.Add(
            1,
            new("endpoint", endpoint),
            new("status", status.ToString(CultureInfo.InvariantCulture)),
            Of(record.Model ?? ""));
        _duration.Record(Stopwatch.GetElapsedTime(record.Start).TotalSeconds, new KeyValuePair<string, object?>("endpoint", endpoint));
    }

    /// <inheritdoc/>
    public void Dispose() => Meter.Dispose();

    private static KeyValuePair<string, object?> Of(string model) => new("model", model);

    private Histogram<double> Histogram(string name, string says, InstrumentAdvice<double> advice) =>
        Meter.CreateHistogram("qwensharp." + name, "s", says, tags: null, advice);

    private Counter<long> Count(string name, string says) => Meter.CreateCounter<long>("qwensharp." + name, description: says);
}
