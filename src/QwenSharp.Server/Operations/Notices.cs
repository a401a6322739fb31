namespace QwenSharp.Server.Operations;

/// <summary>
/// What models say of what goes wrong beside all requests, on its way to the log. They are loaded before there is one: until then it waits.
/// Safe to use from several threads.
/// </summary>
internal sealed class Notices
{
    private readonly Lock _gate = new();

    // Guarded by the gate.
    private readonly List<string> _waiting = [];
    private ILogger? _log;

    /// <summary>Says a sentence.</summary>
    public void Tell(string sentence)
    {
        lock (_gate)
        {
            if (_log is null)
                _waiting.Add(sentence);
            else
                Write(sentence);
        }
    }

    /// <summary>Writes into a log what was said and what will be.</summary>
    public void WriteTo(ILogger log)
    {
        lock (_gate)
        {
            _log = log;
            _waiting.ForEach(Write);
            _waiting.Clear();
        }
    }

    private void Write(string sentence) =>
        _log!.Log(LogLevel.Warning, new EventId(2, "Notice"), sentence, null, static (said, _) => said);
}
