using System.Text.Json;
using QwenSharp.Gateway.Forwarding;
using QwenSharp.Gateway.Routing;
using QwenSharp.Protocols.DashScope;
using QwenSharp.Protocols.Events;
using QwenSharp.Server.Dialects;
using QwenSharp.Server.Gateway;
using QwenSharp.Server.Http;
using QwenSharp.Server.Models;
using QwenSharp.Server.Operations;

namespace QwenSharp.Server.DashScope;

/// <summary><c>POST /api/v1/services/aigc/text-generation/generation</c>.</summary>
internal sealed class GenerationEndpoint(DialectService service)
{
    private const string StreamHeader = "X-DashScope-SSE";

    public async Task InvokeAsync(HttpContext http)
    {
        using CancellationTokenSource work = service.Replies.Work(http);
        using JsonDocument body = await RequestBody.ReadAsync(http.Request, work.Token).ConfigureAwait(false);
        bool streams = IsStreamed(http.Request);
        Lazy<GenerationRequest> read = new(() => GenerationRequest.Read(body.RootElement));
        await using Routed routed = await service.Routes
            .AnswerAsync(http, Wire.Generation, body, () => CallOf(read.Value, streams), work.Token)
            .ConfigureAwait(false);
        if (routed.IsSent)
            return;

        GenerationRequest request = read.Value;
        using ModelLease lease = routed.Lease ??
            await service.Models.AcquireForAsync(ModelPurpose.Text, request.Model, work.Token).ConfigureAwait(false);
        ServedModel model = lease.Model;
        AnswerStream answers = new(
            AnswerWatch.Observe(http, model.Id, Choices.MergeAsync(
                token => model.Chat.Complete(request.Messages, request.Options, request.Choices, token), work.Token), request.Choices),
            request.Choices);
        if (streams)
        {
            IAsyncEnumerable<GenerationReply> pieces =
                GenerationStream.ToPiecesAsync(answers, request, http.TraceIdentifier, work.Token);
            await service.Replies.StreamAsync(http, pieces, Format(), work.Token).ConfigureAwait(false);
        }
        else
        {
            GenerationReply reply =
                await GenerationStream.FoldAsync(answers, request, http.TraceIdentifier, work.Token).ConfigureAwait(false);
            await JsonReply.SendAsync(http, reply, DashScopeJson.Default.GenerationReply).ConfigureAwait(false);
        }
    }

    private static RouteCall CallOf(GenerationRequest request, bool streams) =>
        new(request.Messages, request.Options, request.Choices, streams);

    private static bool IsStreamed(HttpRequest request) =>
        request.Headers[StreamHeader].Any(value => value?.Equals("enable", StringComparison.OrdinalIgnoreCase) is true)
        || request.GetTypedHeaders().Accept.Any(type => type.MediaType.Equals(EventStream.MediaType, StringComparison.OrdinalIgnoreCase));

    // A whole stream ends with a reason in its last event; nothing follows it.
    private static StreamFormat<GenerationReply> Format()
    {
        DashScopeEvents events = new();
        return new StreamFormat<GenerationReply>(
            EventStream.MediaType,
            (output, reply) => events.Write(output, "result", StatusCodes.Status200OK, reply, DashScopeJson.Default.GenerationReply),
            _ => { },
            (output, fault) =>
                events.Write(output, "error", fault.Status, DashScopeDialect.Word(fault), DashScopeJson.Default.DashScopeError));
    }
}
