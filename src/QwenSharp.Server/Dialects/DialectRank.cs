namespace QwenSharp.Server.Dialects;

/// <summary>Which of a server's dialects a route belongs to.</summary>
/// <param name="Rank">Its place among them, from 0.</param>
internal sealed record DialectRank(int Rank);
