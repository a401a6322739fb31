namespace QwenSharp.Server.State;

/// <summary>What a key may be made for: kinds of work, whichever dialect asks for them.</summary>
public static class Scopes
{
    /// <summary>Chats, completions, messages, responses: text that a model writes.</summary>
    public const string Chat = "chat";

    /// <summary>Embeddings.</summary>
    public const string Embeddings = "embeddings";

    /// <summary>Ranking and scoring documents.</summary>
    public const string Ranking = "ranking";

    /// <summary>Judging texts.</summary>
    public const string Moderation = "moderation";

    /// <summary>Files and batches.</summary>
    public const string Files = "files";

    /// <summary>Changing which models there are. A key has it only where it was asked for.</summary>
    public const string Admin = "admin";
}
