using System.Text.Json;
using QwenSharp.Chat;
using QwenSharp.Engine;
using QwenSharp.Protocols.OpenAI;

namespace QwenSharp.Server.Models;

/// <summary>What a model finds wrong with a request, before it begins to answer, in the protocol's words.</summary>
internal static class RequestFaults
{
    /// <summary>Asks a model, which checks the request at once.</summary>
    /// <param name="promptField">The field of the request that becomes the prompt.</param>
    /// <param name="ask">The call.</param>
    /// <exception cref="OpenAIException">The model refuses the request.</exception>
    public static T Translate<T>(string promptField, Func<T> ask)
    {
        try
        {
            return ask();
        }
        catch (ArgumentException fault) when (fault.ParamName == nameof(GenerationRequest.Prompt))
        {
            throw OpenAIException.ContextTooLong(promptField, Said(fault), fault);
        }
        catch (ArgumentException fault) when (fault is not ArgumentNullException)
        {
            string? param = fault.ParamName is { } name ? JsonNamingPolicy.SnakeCaseLower.ConvertName(name) : null;
            throw new OpenAIException(400, "invalid_request_error", Said(fault), param, "invalid_value", fault);
        }
        catch (NotSupportedException fault)
        {
            throw OpenAIException.BadRequest(fault.Message, "unsupported_parameter", fault);
        }
        catch (TemplateException fault)
        {
            throw new OpenAIException(
                400,
                "invalid_request_error",
                $"The model's chat template refuses the conversation: {fault.Message}",
                promptField,
                "template_error",
                fault);
        }
    }

    // .NET puts the name of a parameter of our code into the text, which says nothing to a client; the field is in the error's own member.
    private static string Said(ArgumentException fault) =>
        fault.Message.Replace($" (Parameter '{fault.ParamName}')", "", StringComparison.Ordinal);
}
