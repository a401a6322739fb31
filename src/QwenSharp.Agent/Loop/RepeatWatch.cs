using System.Text.Json;
using Microsoft.Extensions.AI;

namespace QwenSharp.Agent.Loop;

/// <summary>
/// Notices when the model makes the same call again and again and learns nothing from it: the same arguments, the same result, nothing
/// else in between.
/// </summary>
internal sealed class RepeatWatch
{
    /// <summary>As often the model is told.</summary>
    public const int Tell = 3;

    /// <summary>As often the work ends.</summary>
    public const int End = 6;

    private (string Name, string Arguments, string Result)? _last;
    private int _times;

    /// <summary>How often in a row this call has had this result, this time among them.</summary>
    public int Count(FunctionCallContent call, JsonElement arguments, string result)
    {
        (string, string, string) now = (call.Name, arguments.GetRawText(), result);
        _times = _last == now ? _times + 1 : 1;
        _last = now;
        return _times;
    }
}
