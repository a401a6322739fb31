using System.Text.Json;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.SelfHosted;

/// <summary>A <c>POST /detokenize</c>.</summary>
/// <param name="Model">Which model is asked; null where the request leaves that to the server.</param>
/// <param name="Tokens">The ids.</param>
public sealed record DetokenizeRequest(string? Model, IReadOnlyList<int> Tokens)
{
    /// <summary>Reads a request's body.</summary>
    /// <exception cref="OptionException">A field is missing, wrong, or not honoured; the error names it.</exception>
    public static DetokenizeRequest Read(JsonElement body)
    {
        RequestFields fields = RequestFields.Of(body);
        DetokenizeRequest request = new(
            fields.Take("model")?.String(),
            TextInputs.ReadTokens(fields.Require("tokens").Items()));
        fields.RefuseRest();
        return request;
    }
}
