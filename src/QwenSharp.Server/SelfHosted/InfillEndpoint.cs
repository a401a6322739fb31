using System.Text.Json;
using QwenSharp.Protocols.Events;
using QwenSharp.Protocols.SelfHosted;
using QwenSharp.Server.Dialects;
using QwenSharp.Server.Http;
using QwenSharp.Server.Models;
using QwenSharp.Server.Operations;

namespace QwenSharp.Server.SelfHosted;

/// <summary><c>POST /infill</c>.</summary>
internal sealed class InfillEndpoint(DialectService service)
{
    // The last piece says that it is; nothing follows it.
    private static readonly StreamFormat<InfillReply> Format = new(
        EventStream.MediaType,
        (output, piece) => EventStream.Write(output, piece, SelfHostedJson.Default.InfillReply),
        _ => { },
        (output, fault) => EventStream.Write(
            output, new SelfHostedErrorReply(SelfHostedDialect.Word(fault)), SelfHostedJson.Default.SelfHostedErrorReply));

    public async Task InvokeAsync(HttpContext http)
    {
        using CancellationTokenSource work = service.Replies.Work(http);
        using JsonDocument body = await RequestBody.ReadAsync(http.Request, work.Token).ConfigureAwait(false);
        InfillRequest request = InfillRequest.Read(body.RootElement);
        using ModelLease lease =
            await service.Models.AcquireForAsync(ModelPurpose.Text, request.Model, work.Token).ConfigureAwait(false);
        ServedModel model = lease.Model;
        AnswerStream answers = new(
            AnswerWatch.Observe(http, model.Id, Choices.MergeAsync(
                token => model.Text.Complete(request.Prompt, request.Options, choices: 1, token), work.Token)),
            choicesPerPrompt: 1);
        if (request.Stream)
        {
            IAsyncEnumerable<InfillReply> pieces = InfillReply.ToPiecesAsync(answers, model.Id, work.Token);
            await service.Replies.StreamAsync(http, pieces, Format, work.Token).ConfigureAwait(false);
        }
        else
        {
            InfillReply reply = await InfillReply.FoldAsync(answers, model.Id, work.Token).ConfigureAwait(false);
            await JsonReply.SendAsync(http, reply, SelfHostedJson.Default.InfillReply).ConfigureAwait(false);
        }
    }
}
