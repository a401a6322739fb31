using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Faults;
using QwenSharp.Gateway.Forwarding;
using QwenSharp.Gateway.Routing;
using QwenSharp.Protocols.Anthropic;
using QwenSharp.Protocols.Events;
using QwenSharp.Server.Dialects;
using QwenSharp.Server.Gateway;
using QwenSharp.Server.Http;
using QwenSharp.Server.Models;
using QwenSharp.Server.Operations;

namespace QwenSharp.Server.Anthropic;

/// <summary><c>POST /v1/messages</c> and <c>POST /v1/messages/count_tokens</c>.</summary>
internal sealed class MessagesEndpoint(DialectService service, ThoughtSigner signer)
{
    private static readonly StreamFormat<MessageEvent> Format = new(
        EventStream.MediaType,
        (output, next) => EventStream.Write(output, next, AnthropicJson.Default.MessageEvent, next.Name),
        _ => { },
        (output, fault) =>
        {
            ErrorReply error = AnthropicErrors.Word(fault);
            EventStream.Write(output, error, AnthropicJson.Default.MessageEvent, error.Name);
        });

    public async Task AnswerAsync(HttpContext http)
    {
        using CancellationTokenSource work = service.Replies.Work(http);
        using JsonDocument body = await RequestBody.ReadAsync(http.Request, work.Token).ConfigureAwait(false);
        Lazy<MessagesRequest> read = new(() => MessagesRequest.Read(body.RootElement, signer));
        await using Routed routed = await service.Routes
            .AnswerAsync(http, Wire.Messages, body, () => CallOf(read.Value), work.Token)
            .ConfigureAwait(false);
        if (routed.IsSent)
            return;

        MessagesRequest request = read.Value;
        RequestRecord.Of(http).User = request.User;

        // A stream's first event counts the prompt, long before the model has computed it; a whole reply has the count of its end. What is
        // computed elsewhere is counted there, and known at its end too.
        using ModelLease lease = routed.Lease ??
            await service.Models.AcquireForAsync(ModelPurpose.Text, request.Model, work.Token).ConfigureAwait(false);
        ServedModel model = lease.Model;
        MessageHeader header = new(
            model.Id,
            () => request.Stream && routed.Lease is null ? model.Chat.CountPromptTokens(request.Messages, request.Options) : 0,
            request.Options.MaxOutputTokens!.Value,
            request.HidesThinking);
        AnswerStream answers = new(
            AnswerWatch.Observe(http, model.Id, Choices.MergeAsync(
                token => model.Chat.Complete(request.Messages, request.Options, choices: 1, token), work.Token)),
            choicesPerPrompt: 1);
        if (request.Stream)
        {
            IAsyncEnumerable<MessageEvent> events = MessageStream.ToEventsAsync(answers, header, signer, work.Token);
            await service.Replies.StreamAsync(http, events, Format, work.Token).ConfigureAwait(false);
        }
        else
        {
            Message reply = await MessageStream.FoldAsync(answers, header, signer, work.Token).ConfigureAwait(false);
            await JsonReply.SendAsync(http, reply, AnthropicJson.Default.Message).ConfigureAwait(false);
        }
    }

    public async Task CountAsync(HttpContext http)
    {
        using CancellationTokenSource work = service.Replies.Work(http);
        using JsonDocument body = await RequestBody.ReadAsync(http.Request, work.Token).ConfigureAwait(false);
        await using Routed routed = await service.Routes
            .AnswerAsync(http, Wire.MessageTokens, body, RefuseToCount, work.Token)
            .ConfigureAwait(false);
        if (routed.IsSent)
            return;

        MessagesRequest request = MessagesRequest.Read(body.RootElement, signer, countsOnly: true);
        using ModelLease lease =
            await service.Models.AcquireForAsync(ModelPurpose.Text, request.Model, work.Token).ConfigureAwait(false);
        TokenCount count = new(lease.Model.Chat.CountPromptTokens(request.Messages, request.Options));
        await JsonReply.SendAsync(http, count, AnthropicJson.Default.TokenCount).ConfigureAwait(false);
    }

    // Whoever speaks this protocol is asked for the count as it stands.
    private static RouteCall RefuseToCount() => throw new OptionNotSupportedException(
        nameof(ChatOptions.ModelId), "is answered elsewhere, where nobody counts a prompt before it is answered. Ask for the answer.");

    private static RouteCall CallOf(MessagesRequest request) => new(request.Messages, request.Options, Stream: request.Stream);
}
