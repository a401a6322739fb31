using Microsoft.Extensions.AI;

namespace QwenSharp.Chat.Streaming;

/// <summary>How a family of models writes what stands between <c>&lt;tool_call&gt;</c> and <c>&lt;/tool_call&gt;</c>.</summary>
public interface IToolCallDialect
{
    /// <summary>Whether a template teaches this dialect.</summary>
    bool IsTaughtBy(string template);

    /// <summary>
    /// Whether <paramref name="body"/>, all of a call up to a closing tag, stops inside a value, so that the tag is part of that value.
    /// </summary>
    bool IsInsideValue(string body);

    /// <summary>
    /// Reads a call; null if <paramref name="body"/> is not one. The tools' schemas say of what types its arguments are, where the text
    /// does not.
    /// </summary>
    FunctionCallContent? Read(string body, IReadOnlyDictionary<string, AIFunctionDeclaration> tools);
}
