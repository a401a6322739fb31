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
        List<ChoiceSource> choices = [.. Enumerable.Range(0, generation.Choices).Select(choice => (ChoiceSource)(token =>
            model.Chat.GetStreamingResponseAsync(request.Messages, generation.OptionsOf(choice), token)))];

        IAsyncEnumerable<ChoiceUpdate> updates = Choices.MergeAsync(choices, work.Token);
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
