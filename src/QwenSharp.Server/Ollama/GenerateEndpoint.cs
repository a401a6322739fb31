using System.Diagnostics;
using System.Text.Json;
using QwenSharp.Faults;
using QwenSharp.Gateway.Forwarding;
using QwenSharp.Gateway.Routing;
using QwenSharp.Protocols.Ollama;
using QwenSharp.Server.Dialects;
using QwenSharp.Server.Gateway;
using QwenSharp.Server.Http;
using QwenSharp.Server.Models;

namespace QwenSharp.Server.Ollama;

/// <summary><c>POST /api/generate</c>.</summary>
internal sealed class GenerateEndpoint(DialectService service, ModelFacts facts)
{
    public async Task InvokeAsync(HttpContext http)
    {
        long began = Stopwatch.GetTimestamp();
        using CancellationTokenSource work = service.Replies.Work(http);
        using JsonDocument body = await RequestBody.ReadAsync(http.Request, work.Token, declared: false).ConfigureAwait(false);
        Lazy<GenerateRequest> read = new(() => GenerateRequest.Read(body.RootElement));
        await using Routed routed = AnswerSender.Asks(body, "prompt", "suffix")
            ? await service.Routes
                .AnswerAsync(http, Wire.OllamaGenerate, body, () => CallOf(read.Value), work.Token, OllamaNames.Bare)
                .ConfigureAwait(false)
            : Routed.Nowhere;
        if (routed.IsSent)
            return;

        GenerateRequest request = read.Value;
        GenerationFields generation = request.Generation;
        ModelEntry entry = routed.Lease?.Entry ?? OllamaNames.Find(service.Models, generation.Model);
        if (request.IsEmpty)
        {
            await AnswerSender.LoadAsync(service, http, generation, entry, isChat: false, work.Token).ConfigureAwait(false);
            return;
        }

        if (generation.Thinks)
            AnswerSender.Require(facts.Of(entry)?.Reasons, entry, "thinking");
        if (request.Raw?.Suffix is not null)
            AnswerSender.Require(facts.Of(entry)?.FillsIn, entry, "insert");

        using ModelLease lease = routed.Lease ?? await service.Models.AcquireAsync(entry, work.Token).ConfigureAwait(false);
        AnswerSender.Keep(lease, generation.KeepAlive);
        AnswerReplies replies = new(generation.Model, isChat: false, generation.Logprobs, began, lease.Loading);
        await AnswerSender
            .AnswerAsync(
                service,
                http,
                lease.Model.Id,
                generation,
                replies,
                token => request.Raw is { } raw
                    ? lease.Model.Text.Complete(raw, generation.Options, choices: 1, token)
                    : lease.Model.Chat.Complete(request.Messages!, generation.Options, choices: 1, token),
                work.Token)
            .ConfigureAwait(false);
    }

    // A prompt as it stands has no form in conversations.
    private static RouteCall CallOf(GenerateRequest request) => request.Messages is { } messages
        ? new RouteCall(messages, request.Generation.Options, Stream: request.Generation.Stream)
        : throw new OptionNotSupportedException("raw", "is true, and whoever answers for this model takes conversations. Leave it out.");
}
