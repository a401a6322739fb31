namespace QwenSharp.Chat.Streaming.Xml;

/// <summary>A function that is called, and where in the text the values of its parameters are.</summary>
internal sealed class XmlFunction(string name)
{
    public string Name { get; } = name;

    public List<(string Name, Range Value)> Parameters { get; } = [];
}
