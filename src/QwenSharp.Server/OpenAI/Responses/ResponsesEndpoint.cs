using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Faults;
using QwenSharp.Gateway.Forwarding;
using QwenSharp.Gateway.Routing;
using QwenSharp.Protocols.Events;
using QwenSharp.Protocols.OpenAI;
using QwenSharp.Protocols.OpenAI.Responses;
using QwenSharp.Protocols.Requests;
using QwenSharp.Server.Dialects;
using QwenSharp.Server.Gateway;
using QwenSharp.Server.Http;
using QwenSharp.Server.Models;
using QwenSharp.Server.Operations;

namespace QwenSharp.Server.OpenAI.Responses;

/// <summary><c>POST /v1/responses</c> and <c>POST /v1/responses/input_tokens</c>.</summary>
internal sealed class ResponsesEndpoint(DialectService service, IResponseStore store, ThoughtSealer sealer)
{
    public async Task AnswerAsync(HttpContext http)
    {
        using CancellationTokenSource work = service.Replies.Work(http);
        using JsonDocument body = await RequestBody.ReadAsync(http.Request, work.Token).ConfigureAwait(false);
        Lazy<Task<Conversing>> read = new(() => ReadAsync(body.RootElement, work.Token));
        await using Routed routed = await RouteAsync(http, body, read, work.Token).ConfigureAwait(false);
        if (routed.IsSent)
            return;

        (ResponsesRequest request, IReadOnlyList<ChatMessage> messages) = await read.Value.ConfigureAwait(false);
        RequestRecord.Of(http).User = request.User;
        using ModelLease lease = routed.Lease ??
            await service.Models.AcquireForAsync(ModelPurpose.Text, request.Model, work.Token).ConfigureAwait(false);
        ServedModel model = lease.Model;
        ResponseWriter writer = new(request, model.Id);
        AnswerStream answers = new(
            AnswerWatch.Observe(http, model.Id, Choices.MergeAsync(
                token => model.Chat.Complete(messages, request.Options, choices: 1, token), work.Token)),
            choicesPerPrompt: 1);
        IAsyncEnumerable<ResponseEvent> events = AnswerAsync(request, writer, answers, work.Token);
        if (request.Stream)
        {
            await service.Replies.StreamAsync(http, events, Format(writer), work.Token).ConfigureAwait(false);
            return;
        }

        JsonObject? response = null;
        await foreach (ResponseEvent next in events.ConfigureAwait(false))
            response = next.Data;

        await JsonReply.SendAsync(http, response!["response"]!.AsObject(), OpenAIJson.Default.JsonObject).ConfigureAwait(false);
    }

    public async Task CountAsync(HttpContext http)
    {
        using CancellationTokenSource work = service.Replies.Work(http);
        using JsonDocument body = await RequestBody.ReadAsync(http.Request, work.Token).ConfigureAwait(false);
        (ResponsesRequest request, IReadOnlyList<ChatMessage> messages) =
            await ReadAsync(body.RootElement, work.Token).ConfigureAwait(false);
        using ModelLease lease =
            await service.Models.AcquireForAsync(ModelPurpose.Text, request.Model, work.Token).ConfigureAwait(false);
        int tokens = Named(() => lease.Model.Chat.CountPromptTokens(messages, request.Options));
        JsonObject count = new() { ["object"] = "response.input_tokens", ["input_tokens"] = tokens };
        await JsonReply.SendAsync(http, count, OpenAIJson.Default.JsonObject).ConfigureAwait(false);
    }

    private async Task<Routed> RouteAsync(
        HttpContext http, JsonDocument body, Lazy<Task<Conversing>> read, CancellationToken cancellationToken)
    {
        try
        {
            return await service.Routes
                .AnswerAsync(http, Wire.Responses, body, async () => CallOf(await read.Value.ConfigureAwait(false)), cancellationToken)
                .ConfigureAwait(false);
        }
        catch (RouteException fault) when (RouteFaults.Unwrapped(fault) is IOptionFault { Fault: var option })
        {
            throw new OptionException(ResponseFaults.Renamed(option), fault);
        }
    }

    private static RouteCall CallOf(Conversing read) => new(read.Messages, read.Request.Options, Stream: read.Request.Stream);

    private async Task<Conversing> ReadAsync(JsonElement body, CancellationToken cancellationToken)
    {
        Dictionary<string, JsonElement> known = [];
        foreach (string id in ResponsesRequest.Mentioned(body, sealer))
        {
            if (await store.FindItemAsync(id, cancellationToken).ConfigureAwait(false) is { } item)
                known[id] = item;
        }

        ResponsesRequest request = ResponsesRequest.Read(body, sealer, id => known.TryGetValue(id, out JsonElement item) ? item : null);
        return new Conversing(request, await ConverseAsync(request, cancellationToken).ConfigureAwait(false));
    }

    // The items of what came before are those that were read and written then: the prompt begins with the same tokens.
    private async Task<IReadOnlyList<ChatMessage>> ConverseAsync(ResponsesRequest request, CancellationToken cancellationToken)
    {
        if (request.ConversationId is { } conversation)
        {
            StoredObject stored = await store.FindAsync(conversation, cancellationToken).ConfigureAwait(false)
                ?? throw Unknown("conversation", conversation);
            return request.Converse(stored.Items);
        }

        Stack<StoredObject> before = [];
        for (string? id = request.PreviousId; id is not null; id = before.Peek().PreviousId)
        {
            before.Push(await store.FindAsync(id, cancellationToken).ConfigureAwait(false)
                ?? throw Unknown("previous_response_id", id));
        }

        return request.Converse(before.SelectMany(stored => stored.Items));
    }

    private async IAsyncEnumerable<ResponseEvent> AnswerAsync(
        ResponsesRequest request,
        ResponseWriter writer,
        AnswerStream answers,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IAsyncEnumerator<ResponseEvent> events =
            ResponseStream.ToEventsAsync(answers, writer, cancellationToken).GetAsyncEnumerator(cancellationToken);
        await using ConfiguredAsyncDisposable disposal = events.ConfigureAwait(false);
        while (await NextAsync(events).ConfigureAwait(false))
        {
            // Who sees that a response has ended may continue it at once.
            if (events.Current.IsLast)
                await KeepAsync(request, writer, events.Current, cancellationToken).ConfigureAwait(false);

            yield return events.Current;
        }
    }

    private async Task KeepAsync(
        ResponsesRequest request, ResponseWriter writer, ResponseEvent last, CancellationToken cancellationToken)
    {
        List<JsonElement> items = [.. request.Input, .. writer.Said];
        if (request.Stores)
        {
            StoredObject kept = new(writer.Id, ResponsesRequest.ElementOf(last.Data["response"]!), items)
            {
                Inputs = request.Input.Count,
                PreviousId = request.PreviousId,
            };
            await store.AddAsync(kept, cancellationToken).ConfigureAwait(false);
        }

        if (request.ConversationId is { } conversation)
        {
            await store
                .ChangeAsync(conversation, before => before with { Items = [.. before.Items, .. items] }, cancellationToken)
                .ConfigureAwait(false);
        }
    }

    private static async ValueTask<bool> NextAsync(IAsyncEnumerator<ResponseEvent> events)
    {
        try
        {
            return await events.MoveNextAsync().ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is IOptionFault { Fault: var option })
        {
            throw new OptionException(ResponseFaults.Renamed(option), fault);
        }
    }

    private static T Named<T>(Func<T> ask)
    {
        try
        {
            return ask();
        }
        catch (Exception fault) when (fault is IOptionFault { Fault: var option })
        {
            throw new OptionException(ResponseFaults.Renamed(option), fault);
        }
    }

    private static OptionException Unknown(string field, string id) => new(OptionFault.Of(
        FaultKind.OutOfRange,
        field,
        $"leads to '{Excerpt.Of(id)}', which is not here: it was not stored, has been deleted, or was kept as long as there was room. "
            + "Send the whole conversation as 'input'."));

    private static StreamFormat<ResponseEvent> Format(ResponseWriter writer) => new(
        EventStream.MediaType,
        Write,
        _ => { },
        (output, fault) =>
        {
            foreach (ResponseEvent last in writer.Fail(OpenAIErrors.Word(fault)))
                Write(output, last);
        });

    private static void Write(System.Buffers.IBufferWriter<byte> output, ResponseEvent next) =>
        EventStream.Write(output, next.Data, OpenAIJson.Default.JsonObject, next.Name);

    /// <summary>A request with the whole conversation that it goes on with.</summary>
    private sealed record Conversing(ResponsesRequest Request, IReadOnlyList<ChatMessage> Messages);
}
