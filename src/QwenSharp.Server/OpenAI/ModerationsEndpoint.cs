using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Protocols.OpenAI;
using QwenSharp.Server.Dialects;
using QwenSharp.Server.Http;
using QwenSharp.Server.Models;

namespace QwenSharp.Server.OpenAI;

/// <summary><c>POST /v1/moderations</c>: each text is judged as what a user says.</summary>
internal sealed class ModerationsEndpoint(DialectService service)
{
    public async Task InvokeAsync(HttpContext http)
    {
        using CancellationTokenSource work = service.Replies.Work(http);
        using JsonDocument body = await RequestBody.ReadAsync(http.Request, work.Token).ConfigureAwait(false);
        ModerationRequest request = ModerationRequest.Read(body.RootElement);
        using ModelLease lease =
            await service.Models.AcquireForAsync(ModelPurpose.Safety, request.Model, work.Token).ConfigureAwait(false);
        ServedModel model = lease.Model;
        SafetyVerdict[] verdicts = await Task.WhenAll(request.Inputs.Select(text =>
            model.Moderation.JudgeAsync([new ChatMessage(ChatRole.User, text)], work.Token))).ConfigureAwait(false);
        Moderation reply = new($"modr-{Guid.NewGuid():N}", model.Id, [.. verdicts.Select(Result)]);
        await JsonReply.SendAsync(http, reply, OpenAIJson.Default.Moderation).ConfigureAwait(false);
    }

    private static ModerationResult Result(SafetyVerdict verdict) => ModerationResult.Of(
        verdict.Label == SafetyLabel.Unsafe,
        verdict.Label == SafetyLabel.Controversial,
        verdict.Categories);
}
