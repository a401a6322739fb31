namespace QwenSharp.Server;

/// <summary>How a server writes its log.</summary>
public enum LogFormat
{
    /// <summary>Lines for people.</summary>
    Text,

    /// <summary>A JSON object a line, with a field for each fact.</summary>
    Json,
}
