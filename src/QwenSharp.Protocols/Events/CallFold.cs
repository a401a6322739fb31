using System.Text;

namespace QwenSharp.Protocols.Events;

/// <summary>Parts of calls, put together by their places.</summary>
internal sealed class CallFold
{
    private readonly List<(CallPart Call, StringBuilder Arguments)> _calls = [];

    /// <summary>The calls so far, with what came of their arguments.</summary>
    public IReadOnlyList<CallPart> Calls => [.. _calls.Select(call => call.Call with { Arguments = call.Arguments.ToString() })];

    public void Add(IEnumerable<CallPart> parts)
    {
        foreach (CallPart part in parts)
        {
            // One call ends before the next begins.
            if (_calls.Count == 0 || _calls[^1].Call.Index != part.Index)
                _calls.Add((part, new StringBuilder()));

            (CallPart call, StringBuilder arguments) = _calls[^1];
            _calls[^1] = (call with { Whole = part.Whole }, arguments.Append(part.Arguments));
        }
    }

    public void Clear() => _calls.Clear();
}
