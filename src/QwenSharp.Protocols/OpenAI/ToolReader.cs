using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>What calls and tools have in common.</summary>
internal static class ToolReader
{
    /// <summary>Takes <c>type</c>, which must be <c>function</c>.</summary>
    public static void RequireFunction(RequestFields fields) => FunctionTools.RequireFunction(fields);
}
