using System.Text.Json;
using QwenSharp.Protocols.OpenAI;
using QwenSharp.Server.Http;
using QwenSharp.Server.Models;

namespace QwenSharp.Server.OpenAI;

/// <summary><c>POST /v1/completions</c>.</summary>
internal sealed class CompletionsEndpoint(ModelCatalog models, ReplySender replies)
{
    public async Task InvokeAsync(HttpContext http)
    {
        using CancellationTokenSource work = replies.Work(http);
        using JsonDocument body = await RequestBody.ReadAsync(http.Request, work.Token).ConfigureAwait(false);
        CompletionRequest request = CompletionRequest.Read(body.RootElement);
        GenerationFields generation = request.Generation;
        http.Items[RequestLog.User] = generation.User;

        ServedModel model = models.Choose(generation.Model);
        ReplyHeader header = ReplyHeader.For("cmpl", model.Id, generation);
        IAsyncEnumerable<ChoiceUpdate> updates = Choices.MergeAsync(
            token => [.. request.Prompts.SelectMany(prompt =>
                model.Text.Complete(prompt, generation.Options, generation.Choices, token))],
            work.Token);
        bool usage = generation.IncludeUsage || !generation.Stream;
        IAsyncEnumerable<Completion> chunks = CompletionStream.ToChunksAsync(updates, header, usage, work.Token);
        if (generation.Stream)
        {
            await replies.StreamAsync(http, chunks, OpenAIJson.Default.Completion, work.Token).ConfigureAwait(false);
        }
        else
        {
            Completion reply = await CompletionStream.FoldAsync(chunks, work.Token).ConfigureAwait(false);
            await JsonReply.SendAsync(http, reply, OpenAIJson.Default.Completion).ConfigureAwait(false);
        }
    }
}
