using System.Diagnostics;
using System.Text.Json;
using QwenSharp.Gateway.Forwarding;
using QwenSharp.Gateway.Routing;
using QwenSharp.Protocols.Ollama;
using QwenSharp.Server.Dialects;
using QwenSharp.Server.Gateway;
using QwenSharp.Server.Http;
using QwenSharp.Server.Models;

namespace QwenSharp.Server.Ollama;

/// <summary><c>POST /api/chat</c>.</summary>
internal sealed class ChatEndpoint(DialectService service, ModelFacts facts)
{
    public async Task InvokeAsync(HttpContext http)
    {
        long began = Stopwatch.GetTimestamp();
        using CancellationTokenSource work = service.Replies.Work(http);
        using JsonDocument body = await RequestBody.ReadAsync(http.Request, work.Token, declared: false).ConfigureAwait(false);
        Lazy<ChatRequest> read = new(() => ChatRequest.Read(body.RootElement));
        await using Routed routed = AnswerSender.Asks(body, "messages")
            ? await service.Routes
                .AnswerAsync(http, Wire.OllamaChat, body, () => CallOf(read.Value), work.Token, OllamaNames.Bare)
                .ConfigureAwait(false)
            : Routed.Nowhere;
        if (routed.IsSent)
            return;

        ChatRequest request = read.Value;
        GenerationFields generation = request.Generation;
        ModelEntry entry = routed.Lease?.Entry ?? OllamaNames.Find(service.Models, generation.Model);
        if (request.Messages.Count == 0)
        {
            await AnswerSender.LoadAsync(service, http, generation, entry, isChat: true, work.Token).ConfigureAwait(false);
            return;
        }

        if (generation.Thinks)
            AnswerSender.Require(facts.Of(entry)?.Reasons, entry, "thinking");
        if (generation.Options.Tools is not null)
            AnswerSender.Require(facts.Of(entry)?.CallsTools, entry, "tools");

        using ModelLease lease = routed.Lease ?? await service.Models.AcquireAsync(entry, work.Token).ConfigureAwait(false);
        AnswerSender.Keep(lease, generation.KeepAlive);
        AnswerReplies replies = new(generation.Model, isChat: true, generation.Logprobs, began, lease.Loading);
        await AnswerSender
            .AnswerAsync(
                service,
                http,
                lease.Model.Id,
                generation,
                replies,
                token => lease.Model.Chat.Complete(request.Messages, generation.Options, choices: 1, token),
                work.Token)
            .ConfigureAwait(false);
    }

    private static RouteCall CallOf(ChatRequest request) =>
        new(request.Messages, request.Generation.Options, Stream: request.Generation.Stream);
}
