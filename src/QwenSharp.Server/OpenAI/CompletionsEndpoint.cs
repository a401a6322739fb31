using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Faults;
using QwenSharp.Gateway.Forwarding;
using QwenSharp.Gateway.Routing;
using QwenSharp.Protocols.Events;
using QwenSharp.Protocols.OpenAI;
using QwenSharp.Protocols.Requests;
using QwenSharp.Server.Dialects;
using QwenSharp.Server.Gateway;
using QwenSharp.Server.Http;
using QwenSharp.Server.Models;
using QwenSharp.Server.Operations;

namespace QwenSharp.Server.OpenAI;

/// <summary><c>POST /v1/completions</c>.</summary>
internal sealed class CompletionsEndpoint(DialectService service)
{
    private static readonly StreamFormat<Completion> Format = OpenAIStream.Of(OpenAIJson.Default.Completion);

    public async Task InvokeAsync(HttpContext http)
    {
        using CancellationTokenSource work = service.Replies.Work(http);
        using JsonDocument body = await RequestBody.ReadAsync(http.Request, work.Token).ConfigureAwait(false);
        await using Routed routed = await service.Routes
            .AnswerAsync(http, Wire.Completions, body, RefusePrompts, work.Token)
            .ConfigureAwait(false);
        if (routed.IsSent)
            return;

        CompletionRequest request = CompletionRequest.Read(body.RootElement);
        GenerationFields generation = request.Generation;
        RequestRecord.Of(http).User = generation.User;

        using ModelLease lease =
            await service.Models.AcquireForAsync(ModelPurpose.Text, generation.Model, work.Token).ConfigureAwait(false);
        ServedModel model = lease.Model;
        int choices = request.BestOf ?? generation.Choices;
        ReplyHeader header = ReplyHeader.For("cmpl", model.Id, choices, generation.Options) with { Logprobs = request.ReportsLogprobs };
        AnswerStream answers = new(
            AnswerWatch.Observe(http, model.Id, Choices.MergeAsync(
                token => [.. request.Prompts.SelectMany(prompt => Answer(model, request, prompt, choices, token))],
                work.Token), choices),
            choices);
        if (generation.Stream)
        {
            IAsyncEnumerable<Completion> chunks = CompletionStream.ToChunksAsync(answers, header, request, work.Token);
            await service.Replies.StreamAsync(http, chunks, Format, work.Token).ConfigureAwait(false);
        }
        else
        {
            Completion reply = await CompletionStream.FoldAsync(answers, header, generation.Choices, work.Token).ConfigureAwait(false);
            await JsonReply.SendAsync(http, reply, OpenAIJson.Default.Completion).ConfigureAwait(false);
        }
    }

    // Whoever speaks this protocol is asked as it stands.
    private static RouteCall RefusePrompts() => throw new OptionNotSupportedException(
        nameof(ChatOptions.ModelId),
        "is answered elsewhere, by one who takes conversations and no prompts as they stand. Ask POST /v1/chat/completions.");

    private static IEnumerable<IAsyncEnumerable<ChatResponseUpdate>> Answer(
        ServedModel model,
        CompletionRequest request,
        CompletionPrompt prompt,
        int choices,
        CancellationToken cancellationToken)
    {
        ChatOptions options = request.Generation.Options;
        IReadOnlyList<IAsyncEnumerable<ChatResponseUpdate>> answers = options.MaxOutputTokens > 0
            ? model.Text.Complete(prompt, options, choices, cancellationToken)
            : [.. Enumerable.Repeat(AsyncEnumerable.Empty<ChatResponseUpdate>(), choices)];
        if (!request.Echoes)
            return answers;

        // Once for all answers. What goes before the suffix is the prompt as it was sent.
        Task<ChatResponseUpdate> echo = model.Echo.EchoAsync(prompt with { Suffix = null }, options, cancellationToken);
        return answers.Select(answer => BehindAsync(echo, answer, cancellationToken));
    }

    private static async IAsyncEnumerable<ChatResponseUpdate> BehindAsync(
        Task<ChatResponseUpdate> echo,
        IAsyncEnumerable<ChatResponseUpdate> answer,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return await echo.ConfigureAwait(false);
        await foreach (ChatResponseUpdate update in answer.WithCancellation(cancellationToken).ConfigureAwait(false))
            yield return update;
    }
}
