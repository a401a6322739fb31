using System.Text.Json;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.SelfHosted;

/// <summary>
/// A <c>POST /tokenize</c>, which two servers have in two forms: vLLM's with <c>prompt</c> or <c>messages</c>, and llama-server's with
/// <c>content</c>.
/// </summary>
public sealed record TokenizeRequest
{
    /// <summary>Which model is asked; null where the request leaves that to the server.</summary>
    public string? Model { get; init; }

    /// <summary>The text; null where <see cref="Conversation"/> is given.</summary>
    public string? Text { get; init; }

    /// <summary>The conversation, whose prompt is meant; null where <see cref="Text"/> is given.</summary>
    public PromptConversation? Conversation { get; init; }

    /// <summary>Whether the text gets the token that begins every sequence.</summary>
    public bool BeginsSequence { get; init; }

    /// <summary>Whether control tokens in the text are parsed.</summary>
    public bool ParsesControl { get; init; } = true;

    /// <summary>Whether the reply tells what each token spells.</summary>
    public bool WithPieces { get; init; }

    /// <summary>Whether the reply is to be llama-server's.</summary>
    public bool IsContent { get; init; }

    /// <summary>Reads a request's body.</summary>
    /// <exception cref="OptionException">A field is missing, wrong, or not honoured; the error names it.</exception>
    public static TokenizeRequest Read(JsonElement body)
    {
        RequestFields fields = RequestFields.Of(body);
        string? model = fields.Take("model")?.String();
        TokenizeRequest request = fields switch
        {
            _ when fields.Take("content") is { } content => new TokenizeRequest
            {
                Text = content.String(),
                BeginsSequence = fields.Take("add_special")?.Boolean() ?? false,
                ParsesControl = fields.Take("parse_special")?.Boolean() ?? true,
                WithPieces = fields.Take("with_pieces")?.Boolean() ?? false,
                IsContent = true,
            },
            _ when fields.Take("messages") is not null => new TokenizeRequest
            {
                Conversation = ReadConversation(fields),
                WithPieces = fields.Take("return_token_strings")?.Boolean() ?? false,
            },
            _ => new TokenizeRequest
            {
                Text = fields.Require("prompt").String(),
                BeginsSequence = fields.Take("add_special_tokens")?.Boolean() ?? true,
                WithPieces = fields.Take("return_token_strings")?.Boolean() ?? false,
            },
        };
        fields.RefuseRest();
        return request with { Model = model };
    }

    private static PromptConversation ReadConversation(RequestFields fields)
    {
        fields.Refuse(
            "add_special_tokens",
            value => value.ValueKind == JsonValueKind.False,
            "is not honoured: the chat template writes the control tokens. Only false is accepted.");
        return PromptConversation.Read(fields);
    }
}
