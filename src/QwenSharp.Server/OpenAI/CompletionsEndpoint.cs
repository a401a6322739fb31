using System.Text.Json;
using QwenSharp.Protocols.Events;
using QwenSharp.Protocols.OpenAI;
using QwenSharp.Server.Dialects;
using QwenSharp.Server.Http;
using QwenSharp.Server.Models;

namespace QwenSharp.Server.OpenAI;

/// <summary><c>POST /v1/completions</c>.</summary>
internal sealed class CompletionsEndpoint(DialectService service)
{
    private static readonly StreamFormat<Completion> Format = OpenAIStream.Of(OpenAIJson.Default.Completion);

    public async Task InvokeAsync(HttpContext http)
    {
        using CancellationTokenSource work = service.Replies.Work(http);
        using JsonDocument body = await RequestBody.ReadAsync(http.Request, work.Token).ConfigureAwait(false);
        CompletionRequest request = CompletionRequest.Read(body.RootElement);
        GenerationFields generation = request.Generation;
        http.Items[RequestLog.User] = generation.User;

        using ModelLease lease = await service.Models.AcquireAsync(generation.Model, work.Token).ConfigureAwait(false);
        ServedModel model = lease.Model;
        ReplyHeader header = ReplyHeader.For("cmpl", model.Id, generation.Choices, generation.Options);
        AnswerStream answers = new(
            Choices.MergeAsync(
                token => [.. request.Prompts.SelectMany(prompt =>
                    model.Text.Complete(prompt, generation.Options, generation.Choices, token))],
                work.Token),
            generation.Choices);
        if (generation.Stream)
        {
            IAsyncEnumerable<Completion> chunks = CompletionStream.ToChunksAsync(answers, header, generation.IncludeUsage, work.Token);
            await service.Replies.StreamAsync(http, chunks, Format, work.Token).ConfigureAwait(false);
        }
        else
        {
            Completion reply = await CompletionStream.FoldAsync(answers, header, work.Token).ConfigureAwait(false);
            await JsonReply.SendAsync(http, reply, OpenAIJson.Default.Completion).ConfigureAwait(false);
        }
    }
}
