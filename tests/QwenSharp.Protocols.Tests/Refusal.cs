using QwenSharp.Faults;
using QwenSharp.Protocols.OpenAI;

namespace QwenSharp.Protocols.Tests;

/// <summary>How a request's fault is worded.</summary>
internal static class Refusal
{
    /// <summary>OpenAI's error for what reading a request throws.</summary>
    public static OpenAIError Of(Func<object> read) =>
        OpenAIFaults.Word(Assert.IsType<IOptionFault>(Record.Exception(() => read()), exactMatch: false).Fault);
}
