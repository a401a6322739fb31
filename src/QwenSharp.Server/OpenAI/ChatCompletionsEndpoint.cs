using System.Text.Json;
using QwenSharp.Protocols.OpenAI;
using QwenSharp.Server.Http;
using QwenSharp.Server.Models;

namespace QwenSharp.Server.OpenAI;

/// <summary><c>POST /v1/chat/completions</c>.</summary>
internal sealed class ChatCompletionsEndpoint(ModelCatalog models, ReplySender replies)
{
    public async Task InvokeAsync(HttpContext http)
    {
        using CancellationTokenSource work = replies.Work(http);
        using JsonDocument body = await RequestBody.ReadAsync(http.Request, work.Token).ConfigureAwait(false);
        ChatCompletionRequest request = ChatCompletionRequest.Read(body.RootElement);
        GenerationFields generation = request.Generation;
        http.Items[RequestLog.User] = generation.User;

        ServedModel model = models.Choose(generation.Model);
        ReplyHeader header = ReplyHeader.For("chatcmpl", model.Id, generation);
        IAsyncEnumerable<ChoiceUpdate> updates = Choices.MergeAsync(
            token => model.Chat.Complete(request.Messages, generation.Options, generation.Choices, token), work.Token);
        bool usage = generation.IncludeUsage || !generation.Stream;
        IAsyncEnumerable<ChatCompletionChunk> chunks = ChatCompletionStream.ToChunksAsync(updates, header, usage, work.Token);
        if (generation.Stream)
        {
            await replies.StreamAsync(http, chunks, OpenAIJson.Default.ChatCompletionChunk, work.Token).ConfigureAwait(false);
        }
        else
        {
            ChatCompletion reply = await ChatCompletionStream.FoldAsync(chunks, work.Token).ConfigureAwait(false);
            await JsonReply.SendAsync(http, reply, OpenAIJson.Default.ChatCompletion).ConfigureAwait(false);
        }
    }
}
