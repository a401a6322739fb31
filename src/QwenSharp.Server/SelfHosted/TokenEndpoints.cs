using System.Text;
using System.Text.Json;
using QwenSharp.Faults;
using QwenSharp.Protocols.SelfHosted;
using QwenSharp.Server.Dialects;
using QwenSharp.Server.Http;
using QwenSharp.Server.Models;

namespace QwenSharp.Server.SelfHosted;

/// <summary><c>POST /tokenize</c>, <c>POST /detokenize</c> and <c>POST /apply-template</c>: nothing is computed.</summary>
internal sealed class TokenEndpoints(DialectService service)
{
    public async Task TokenizeAsync(HttpContext http)
    {
        using JsonDocument body = await RequestBody.ReadAsync(http.Request, http.RequestAborted).ConfigureAwait(false);
        TokenizeRequest request = TokenizeRequest.Read(body.RootElement);
        using ModelLease lease = await service.Models.AcquireAsync(request.Model, http.RequestAborted).ConfigureAwait(false);
        ITokenization model = Tokenization.Of(lease.Model);
        IReadOnlyList<int> tokens = request.Conversation is { } conversation
            ? model.Render(conversation.Messages, conversation.Options).Tokens
            : model.Encode(request.Text!, request.BeginsSequence, request.ParsesControl);
        if (request.IsContent)
        {
            ContentTokens content = new(
                [.. tokens.Select(id => new ContentToken(id, request.WithPieces ? model.BytesOf(id) : (ReadOnlyMemory<byte>?)null))]);
            await JsonReply.SendAsync(http, content, SelfHostedJson.Default.ContentTokens).ConfigureAwait(false);
        }
        else
        {
            TokenizeReply reply = new(
                tokens.Count,
                model.ContextLength,
                tokens,
                request.WithPieces ? [.. tokens.Select(id => Encoding.UTF8.GetString(model.BytesOf(id).Span))] : null);
            await JsonReply.SendAsync(http, reply, SelfHostedJson.Default.TokenizeReply).ConfigureAwait(false);
        }
    }

    public async Task DetokenizeAsync(HttpContext http)
    {
        using JsonDocument body = await RequestBody.ReadAsync(http.Request, http.RequestAborted).ConfigureAwait(false);
        DetokenizeRequest request = DetokenizeRequest.Read(body.RootElement);
        using ModelLease lease = await service.Models.AcquireAsync(request.Model, http.RequestAborted).ConfigureAwait(false);
        ITokenization model = Tokenization.Of(lease.Model);
        Bounds ids = Bounds.Between(0, model.VocabularySize - 1);
        foreach ((int place, int id) in request.Tokens.Index())
            OptionException.Require(id < model.VocabularySize, $"tokens[{place}]", id, ids);

        string text = Encoding.UTF8.GetString([.. request.Tokens.SelectMany(id => model.BytesOf(id).ToArray())]);
        await JsonReply.SendAsync(http, new DetokenizeReply(text, text), SelfHostedJson.Default.DetokenizeReply).ConfigureAwait(false);
    }

    public async Task ApplyTemplateAsync(HttpContext http)
    {
        using JsonDocument body = await RequestBody.ReadAsync(http.Request, http.RequestAborted).ConfigureAwait(false);
        TemplateRequest request = TemplateRequest.Read(body.RootElement);
        using ModelLease lease = await service.Models.AcquireAsync(request.Model, http.RequestAborted).ConfigureAwait(false);
        ITokenization model = Tokenization.Of(lease.Model);
        (string prompt, _) = model.Render(request.Conversation.Messages, request.Conversation.Options);
        await JsonReply.SendAsync(http, new TemplateReply(prompt), SelfHostedJson.Default.TemplateReply).ConfigureAwait(false);
    }
}
