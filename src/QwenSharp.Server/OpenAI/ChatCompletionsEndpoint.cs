using System.Text.Json;
using QwenSharp.Gateway.Forwarding;
using QwenSharp.Gateway.Routing;
using QwenSharp.Protocols.Events;
using QwenSharp.Protocols.OpenAI;
using QwenSharp.Server.Dialects;
using QwenSharp.Server.Gateway;
using QwenSharp.Server.Http;
using QwenSharp.Server.Models;
using QwenSharp.Server.Operations;

namespace QwenSharp.Server.OpenAI;

/// <summary><c>POST /v1/chat/completions</c>.</summary>
internal sealed class ChatCompletionsEndpoint(DialectService service)
{
    private static readonly StreamFormat<ChatCompletionChunk> Format = OpenAIStream.Of(OpenAIJson.Default.ChatCompletionChunk);

    public async Task InvokeAsync(HttpContext http)
    {
        using CancellationTokenSource work = service.Replies.Work(http);
        using JsonDocument body = await RequestBody.ReadAsync(http.Request, work.Token).ConfigureAwait(false);
        Lazy<ChatCompletionRequest> read = new(() => ChatCompletionRequest.Read(body.RootElement));
        await using Routed routed = await service.Routes
            .AnswerAsync(http, Wire.ChatCompletions, body, () => CallOf(read.Value), work.Token)
            .ConfigureAwait(false);
        if (routed.IsSent)
            return;

        ChatCompletionRequest request = read.Value;
        GenerationFields generation = request.Generation;
        RequestRecord.Of(http).User = generation.User;

        using ModelLease lease = routed.Lease ??
            await service.Models.AcquireForAsync(ModelPurpose.Text, generation.Model, work.Token).ConfigureAwait(false);
        ServedModel model = lease.Model;
        ReplyHeader header = ReplyHeader.For("chatcmpl", model.Id, generation.Choices, generation.Options);
        ChatReplyForm form = ChatReplyForm.Of(request);
        AnswerStream answers = new(
            AnswerWatch.Observe(http, model.Id, Choices.MergeAsync(
                token => model.Chat.Complete(request.Messages, generation.Options, generation.Choices, token),
                work.Token), generation.Choices),
            generation.Choices);
        if (generation.Stream)
        {
            IAsyncEnumerable<ChatCompletionChunk> chunks =
                ChatCompletionStream.ToChunksAsync(answers, header, form, work.Token);
            await service.Replies.StreamAsync(http, chunks, Format, work.Token).ConfigureAwait(false);
        }
        else
        {
            ChatCompletion reply = await ChatCompletionStream.FoldAsync(answers, header, form, work.Token).ConfigureAwait(false);
            await JsonReply.SendAsync(http, reply, OpenAIJson.Default.ChatCompletion).ConfigureAwait(false);
        }
    }

    private static RouteCall CallOf(ChatCompletionRequest request) =>
        new(request.Messages, request.Generation.Options, request.Generation.Choices, request.Generation.Stream);
}
