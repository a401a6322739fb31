using System.Collections;
using System.Diagnostics;
using System.Text.Json;
using QwenSharp.Server.Operations;

namespace QwenSharp.Server.Http;

/// <summary>
/// One line a request, once it has ended, and its place in the metrics and in the trace. It says who asked what of which model, how long it
/// took and how many tokens; never what was said, unless <see cref="ServerOptions.LogPrompts"/> asks for that.
/// </summary>
internal sealed class RequestLog(RequestDelegate next, ILogger<RequestLog> log, ServerMetrics metrics)
{
    public async Task InvokeAsync(HttpContext http)
    {
        RequestRecord record = RequestRecord.Of(http);
        // Routes are few. A path that none takes is whatever somebody sends.
        string endpoint = (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "other";
        await next(http).ConfigureAwait(false);

        // What proxies write for a client that did not wait.
        int status = http.RequestAborted.IsCancellationRequested ? 499 : http.Response.StatusCode;
        metrics.Served(endpoint, status, record);
        Trace(http, record);
        if (log.IsEnabled(LogLevel.Information))
            log.Log(LogLevel.Information, new EventId(1, "Served"), new Line(http, record, status), null, (line, _) => line.ToString());
    }

    private static void Trace(HttpContext http, RequestRecord record)
    {
        if (Activity.Current is not { IsAllDataRequested: true } trace)
            return;

        trace.SetTag("qwensharp.request_id", http.TraceIdentifier);
        if (record.Model is null)
            return;

        trace.SetTag("gen_ai.response.model", record.Model);
        trace.SetTag("gen_ai.usage.input_tokens", record.PromptTokens);
        trace.SetTag("gen_ai.usage.output_tokens", record.AnswerTokens);
        trace.SetTag("qwensharp.cached_tokens", record.CachedTokens);
        trace.SetTag("qwensharp.time_to_first_token", record.FirstToken?.TotalSeconds);
    }

    /// <summary>A line for people, and its fields for programs.</summary>
    private sealed class Line : IReadOnlyList<KeyValuePair<string, object?>>
    {
        private readonly List<KeyValuePair<string, object?>> _fields = [];
        private readonly string _text;

        public Line(HttpContext http, RequestRecord record, int status)
        {
            string path = http.Request.Path.ToUriComponent();
            long milliseconds = (long)Stopwatch.GetElapsedTime(record.Start).TotalMilliseconds;
            _text = $"{http.Request.Method} {path} {status} {milliseconds} ms {http.TraceIdentifier}";
            Add("Method", http.Request.Method);
            Add("Path", path);
            Add("Status", status);
            Add("Milliseconds", milliseconds);
            Add("RequestId", http.TraceIdentifier);
            Add("Model", record.Model);
            Add("PromptTokens", record.PromptTokens);
            Add("CachedTokens", record.PromptTokens is null ? null : record.CachedTokens);
            Add("AnswerTokens", record.PromptTokens is null ? null : record.AnswerTokens);
            Add("FirstTokenMilliseconds", (long?)record.FirstToken?.TotalMilliseconds);
            _text += Note("user", "User", record.User)
                + Note("cache", "Cache", record.Cache)
                + Note("body", "Body", record.Body);
        }

        public int Count => _fields.Count;

        public KeyValuePair<string, object?> this[int index] => _fields[index];

        public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => _fields.GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

        public override string ToString() => _text;

        private void Add(string name, object? value)
        {
            if (value is not null)
                _fields.Add(new(name, value));
        }

        // Escaped, lest what a client says forge lines.
        private string Note(string word, string field, string? value)
        {
            Add(field, value);
            return value is null ? "" : $" {word} \"{JsonEncodedText.Encode(value)}\"";
        }
    }
}
